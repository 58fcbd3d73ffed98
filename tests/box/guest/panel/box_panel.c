// SPDX-License-Identifier: MIT
/*
 * A Raspberry Pi 4's pins and an MCP3008 on its SPI bus, with a hand that turns and presses.
 *
 *     /dev/gpiochip0     54 lines, pulled up or down as they are asked to be, with edges
 *     /dev/spidev0.0     a converter of eight channels, bit by bit as in Microchip DS21295, figure 5-1
 *     hand (written)     "pin 17 0", "pin 17 1", "pin 17 open", "adc 0 1023"
 *     lights (read)      one line "25 1" for each line that is an output
 *
 * in /sys/devices/platform/box-panel/. Debian's kernel has no gpio-sim, and not the interrupts that
 * it needs; what drives our pins on a board is asked for through the same two character devices.
 */
#include <linux/gpio/driver.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>
#include <linux/string.h>

#define LINES 54
#define CHANNELS 8
#define OPEN (-1)

struct line {
	int hand; /* what a switch connects it to: 0, 1 or OPEN */
	int pull; /* what it is while that is open */
	int out; /* what we drive it to */
	bool output, masked;
	unsigned int edges;
};

/* One conversation with the converter: bits since the start bit, and what was asked and found. */
struct talk {
	int bit;
	unsigned int asked, found;
};

static struct line lines[LINES];
static unsigned int counts[CHANNELS];
static struct platform_device *panel;
static struct spi_controller *bus;

static int level_of(const struct line *line)
{
	if (line->output)
		return line->out;
	return line->hand == OPEN ? line->pull : line->hand;
}

static int pin_get(struct gpio_chip *chip, unsigned int pin)
{
	return level_of(&lines[pin]);
}

static void pin_set(struct gpio_chip *chip, unsigned int pin, int level)
{
	lines[pin].out = !!level;
}

static int pin_direction(struct gpio_chip *chip, unsigned int pin)
{
	return lines[pin].output ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int pin_input(struct gpio_chip *chip, unsigned int pin)
{
	lines[pin].output = false;
	return 0;
}

static int pin_output(struct gpio_chip *chip, unsigned int pin, int level)
{
	lines[pin].out = !!level;
	lines[pin].output = true;
	return 0;
}

static int pin_config(struct gpio_chip *chip, unsigned int pin, unsigned long config)
{
	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		lines[pin].pull = 1;
		return 0;
	case PIN_CONFIG_BIAS_PULL_DOWN:
	case PIN_CONFIG_BIAS_DISABLE:
		lines[pin].pull = 0;
		return 0;
	default:
		return -ENOTSUPP;
	}
}

static struct gpio_chip chip = {
	.label = "pinctrl-bcm2711",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.get = pin_get,
	.set = pin_set,
	.get_direction = pin_direction,
	.direction_input = pin_input,
	.direction_output = pin_output,
	.set_config = pin_config,
};

static void edge_mask(struct irq_data *data)
{
	lines[irqd_to_hwirq(data)].masked = true;
	gpiochip_disable_irq(&chip, irqd_to_hwirq(data));
}

static void edge_unmask(struct irq_data *data)
{
	gpiochip_enable_irq(&chip, irqd_to_hwirq(data));
	lines[irqd_to_hwirq(data)].masked = false;
}

static int edge_type(struct irq_data *data, unsigned int type)
{
	if (type & IRQ_TYPE_LEVEL_MASK)
		return -EINVAL;
	lines[irqd_to_hwirq(data)].edges = type;
	return 0;
}

static const struct irq_chip edges = {
	.name = "box-panel",
	.irq_mask = edge_mask,
	.irq_unmask = edge_unmask,
	.irq_set_type = edge_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static void connect(unsigned int pin, int to)
{
	struct line *line = &lines[pin];
	int before = level_of(line), now;

	line->hand = to;
	now = level_of(line);
	if (now == before || line->masked)
		return;
	if (line->edges & (now ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
		generic_handle_domain_irq_safe(chip.irq.domain, pin);
}

/* What DOUT says while DIN is clocked in. Its line floats, and is pulled up, until the null bit. */
static int clocked(struct talk *talk, int in)
{
	if (!talk->bit && !in)
		return 1;
	talk->bit++;
	if (talk->bit >= 2 && talk->bit <= 5) /* single-ended, and the channel's three bits */
		talk->asked = talk->asked << 1 | in;
	if (talk->bit == 6)
		talk->found = counts[talk->asked & (CHANNELS - 1)];
	if (talk->bit < 7)
		return 1;
	return talk->bit == 7 || talk->bit > 17 ? 0 : talk->found >> (17 - talk->bit) & 1;
}

static int spoken(struct spi_controller *controller, struct spi_message *message)
{
	struct talk talk = {};
	struct spi_transfer *transfer;
	unsigned int i;
	int bit;

	list_for_each_entry(transfer, &message->transfers, transfer_list) {
		const u8 *sent = transfer->tx_buf;
		u8 *got = transfer->rx_buf;

		for (i = 0; i < transfer->len; i++) {
			u8 in = sent ? sent[i] : 0, out = 0;

			for (bit = 7; bit >= 0; bit--)
				out = out << 1 | clocked(&talk, in >> bit & 1);
			if (got)
				got[i] = out;
		}
		message->actual_length += transfer->len;
	}
	message->status = 0;
	spi_finalize_current_message(controller);
	return 0;
}

static ssize_t hand_store(struct device *device, struct device_attribute *attribute,
			  const char *text, size_t size)
{
	unsigned int number, value;

	if (sscanf(text, "adc %u %u", &number, &value) == 2) {
		if (number >= CHANNELS || value > 1023)
			return -EINVAL;
		counts[number] = value;
		return size;
	}
	if (sscanf(text, "pin %u %u", &number, &value) == 2 && number < LINES && value <= 1)
		connect(number, value);
	else if (sscanf(text, "pin %u", &number) == 1 && number < LINES && strstr(text, "open"))
		connect(number, OPEN);
	else
		return -EINVAL;
	return size;
}
static DEVICE_ATTR_WO(hand);

static ssize_t lights_show(struct device *device, struct device_attribute *attribute, char *text)
{
	int pin, size = 0;

	for (pin = 0; pin < LINES; pin++)
		if (lines[pin].output)
			size += sysfs_emit_at(text, size, "%d %d\n", pin, lines[pin].out);
	return size;
}
static DEVICE_ATTR_RO(lights);

static struct attribute *panel_attrs[] = { &dev_attr_hand.attr, &dev_attr_lights.attr, NULL };
ATTRIBUTE_GROUPS(panel);

static int add_pins(void)
{
	int pin;

	for (pin = 0; pin < LINES; pin++)
		lines[pin] = (struct line){ .hand = OPEN, .masked = true };
	chip.parent = &panel->dev;
	gpio_irq_chip_set_chip(&chip.irq, &edges);
	chip.irq.handler = handle_simple_irq;
	chip.irq.default_type = IRQ_TYPE_NONE;
	return gpiochip_add_data(&chip, NULL);
}

static int add_converter(void)
{
	/* A chip that the kernel's spidev serves: its own name it refuses. */
	struct spi_board_info info = { .modalias = "dh2228fv", .max_speed_hz = 3600000 };
	int error;

	bus = spi_alloc_master(&panel->dev, 0);
	if (!bus)
		return -ENOMEM;
	bus->bus_num = 0;
	bus->num_chipselect = 2;
	bus->mode_bits = SPI_CPOL | SPI_CPHA;
	bus->transfer_one_message = spoken;
	error = spi_register_controller(bus);
	if (error) {
		spi_controller_put(bus);
		return error;
	}
	if (spi_new_device(bus, &info))
		return 0;
	spi_unregister_controller(bus);
	return -ENODEV;
}

static int __init panel_init(void)
{
	int error;

	panel = platform_device_alloc("box-panel", PLATFORM_DEVID_NONE);
	if (!panel)
		return -ENOMEM;
	panel->dev.groups = panel_groups;
	error = platform_device_add(panel);
	if (error) {
		platform_device_put(panel);
		return error;
	}
	error = add_pins();
	if (error)
		goto no_pins;
	error = add_converter();
	if (!error)
		return 0;
	gpiochip_remove(&chip);
no_pins:
	platform_device_unregister(panel);
	return error;
}

static void __exit panel_exit(void)
{
	spi_unregister_controller(bus);
	gpiochip_remove(&chip);
	platform_device_unregister(panel);
}

module_init(panel_init);
module_exit(panel_exit);
MODULE_DESCRIPTION("A panel for the emulated box: a Raspberry Pi's pins and an MCP3008");
MODULE_LICENSE("Dual MIT/GPL");

/* A simulated sound card: an ALSA plugin paced by the monotonic clock, on two shared tapes.
 *
 * The card has one frame clock for both directions, like a real one with one crystal: frame f
 * passes (f / rate / speed) seconds after the epoch in the shared file. On that axis lie two tapes:
 *
 *     source   what the card's input hears    capture started at frame c0 reads source[c0 + i]
 *     sink     what the card's output played  playback started at frame p0 writes sink[p0 + i]
 *
 * A test writes the source, lets a program play, and reads the sink. If the program hands input to
 * output, then sink[g] == source[f] gives its latency, g - f, to the frame and without a clock.
 * Frames dropped before their time are wiped from the sink: it holds what was heard.
 *
 *     pcm.sim { type simcard  tape "/tmp/tape"  speed 1.0  exact 1  ... }
 *
 *     tape     the shared file, made beforehand (simcard.py does it): struct tape below
 *     speed    card seconds per second, > 0
 *     exact    1: the position moves by the frame; 0: by the period, as with many USB cards
 *     rate     the one rate of this card, in Hz; 0 (default): any from 8000 to 192000
 *     format   the one format of this card, such as "S16_LE"; default: S16, S24_3, S32 and FLOAT
 *     loopback -1 (default): capture hears the source; n >= 0: it hears the sink, n frames ago
 *
 * Not simulated: converters' delay, two crystals, tapes that go round (past the end of the tape
 * the input is silent and the output forgotten), mmap access.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TAPE_CHANNELS 2
#define HEADER_BYTES 64

struct tape {
	int64_t epoch_ns;       /* CLOCK_MONOTONIC at frame 0; 0 until the card is first opened */
	int64_t frames;         /* length of each tape */
	int64_t unplugged;      /* set by a test: every call fails with ENODEV from then on */
	int64_t starts[2];      /* frame of the last start: playback, capture */
	char pad[HEADER_BYTES - 5 * 8];
	int32_t samples[];      /* source [frames][2], then sink [frames][2], full scale 2^31 */
};

struct card {
	snd_pcm_ioplug_t io;
	struct tape *tape;
	size_t tape_bytes;
	int32_t *source, *sink;
	int timer;
	double speed;
	int exact;
	int rate;
	snd_pcm_format_t format; /* the only one, or SND_PCM_FORMAT_UNKNOWN */
	long loopback;
	int running;
	int64_t start;          /* frame at which this direction was started */
	int64_t total;          /* frames that the program wrote or read since it was prepared */
	int32_t *staged;        /* playback before the start: nobody knows yet when it will be */
	int64_t staged_frames;
};

/* ---- time ---- */

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The frame that is passing now. */
static int64_t frame_now(const struct card *card)
{
	long double seconds = (now_ns() - card->tape->epoch_ns) * 1e-9L;
	return (int64_t)floorl(seconds * card->io.rate * card->speed);
}

/* Wake the program when the position next reaches a multiple of the period. */
static void arm(const struct card *card)
{
	struct itimerspec timer = {0};
	if (card->running) {
		int64_t period = card->io.period_size;
		int64_t passed = frame_now(card) - card->start;
		int64_t next = card->start + (passed / period + 1) * period;
		/* A microsecond more, lest rounding wakes it within the frame before. */
		int64_t when = card->tape->epoch_ns + 1000 +
			(int64_t)ceill(next * 1e9L / (card->io.rate * card->speed));
		timer.it_value.tv_sec = when / 1000000000LL;
		timer.it_value.tv_nsec = when % 1000000000LL;
	}
	timerfd_settime(card->timer, TFD_TIMER_ABSTIME, &timer, NULL);
}

/* ---- samples ---- */

static int32_t *tape_at(const struct card *card, int32_t *samples, int64_t frame)
{
	if (frame < 0 || frame >= card->tape->frames)
		return NULL;
	return samples + frame * TAPE_CHANNELS;
}

static int32_t decode(snd_pcm_format_t format, const unsigned char *at)
{
	switch (format) {
	case SND_PCM_FORMAT_S16_LE:
		return (int32_t)((uint32_t)at[1] << 24 | (uint32_t)at[0] << 16);
	case SND_PCM_FORMAT_S24_3LE:
		return (int32_t)((uint32_t)at[2] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 8);
	case SND_PCM_FORMAT_FLOAT_LE: {
		double value = *(const float *)at * 2147483648.0;
		return value >= 2147483647.0 ? INT32_MAX : value <= -2147483648.0 ? INT32_MIN : (int32_t)value;
	}
	default:
		return *(const int32_t *)at;
	}
}

static void encode(snd_pcm_format_t format, unsigned char *at, int32_t sample)
{
	switch (format) {
	case SND_PCM_FORMAT_S16_LE:
		*(int16_t *)at = (int16_t)(sample >> 16);
		break;
	case SND_PCM_FORMAT_S24_3LE:
		at[0] = sample >> 8;
		at[1] = sample >> 16;
		at[2] = sample >> 24;
		break;
	case SND_PCM_FORMAT_FLOAT_LE:
		*(float *)at = sample / 2147483648.0f;
		break;
	default:
		*(int32_t *)at = sample;
	}
}

static unsigned char *sample_at(const snd_pcm_channel_area_t *area, snd_pcm_uframes_t frame)
{
	return (unsigned char *)area->addr + (area->first + frame * area->step) / 8;
}

/* ---- what alsa-lib calls ---- */

static int sim_start(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	if (card->tape->unplugged)
		return -ENODEV;
	card->start = frame_now(card);
	card->running = 1;
	card->tape->starts[io->stream] = card->start;
	for (int64_t i = 0; i < card->staged_frames; i++) {
		int32_t *to = tape_at(card, card->sink, card->start + i);
		if (to)
			memcpy(to, card->staged + i * TAPE_CHANNELS, TAPE_CHANNELS * sizeof *to);
	}
	card->staged_frames = 0;
	arm(card);
	return 0;
}

static int sim_stop(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	if (card->running && io->stream == SND_PCM_STREAM_PLAYBACK) {
		/* What was queued and not played was never heard. */
		for (int64_t f = frame_now(card); f < card->start + card->total; f++) {
			int32_t *at = tape_at(card, card->sink, f);
			if (at)
				memset(at, 0, TAPE_CHANNELS * sizeof *at);
		}
	}
	card->running = 0;
	arm(card);
	return 0;
}

/* Frames since the start, or -EPIPE once the program has lost the race. */
static snd_pcm_sframes_t position(const struct card *card)
{
	int64_t passed, buffer = card->io.buffer_size;
	if (!card->running)
		return 0;
	passed = frame_now(card) - card->start;
	if (card->io.stream == SND_PCM_STREAM_PLAYBACK ? passed >= card->total
						       : passed - card->total >= buffer)
		return -EPIPE;
	return card->exact ? passed : passed - passed % (int64_t)card->io.period_size;
}

static snd_pcm_sframes_t sim_pointer(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	snd_pcm_sframes_t at = position(card);
	if (card->tape->unplugged)
		return -ENODEV;
	return at < 0 ? at : at % (snd_pcm_sframes_t)io->buffer_size;
}

static snd_pcm_sframes_t sim_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				      snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct card *card = io->private_data;
	if (card->tape->unplugged)
		return -ENODEV;
	for (snd_pcm_uframes_t i = 0; i < size; i++) {
		int64_t frame = card->start + card->total + i;
		if (io->stream == SND_PCM_STREAM_PLAYBACK) {
			int32_t *to = card->running ? tape_at(card, card->sink, frame)
				: card->staged + (card->staged_frames + i) * TAPE_CHANNELS;
			for (int c = 0; to && c < TAPE_CHANNELS; c++)
				to[c] = c < (int)io->channels
					? decode(io->format, sample_at(&areas[c], offset + i)) : 0;
		} else {
			const int32_t *from = card->loopback < 0
				? tape_at(card, card->source, frame)
				: tape_at(card, card->sink, frame - card->loopback);
			for (unsigned c = 0; c < io->channels; c++)
				encode(io->format, sample_at(&areas[c], offset + i),
				       from && c < TAPE_CHANNELS ? from[c] : 0);
		}
	}
	if (!card->running)
		card->staged_frames += size;
	card->total += size;
	return size;
}

static int sim_prepare(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	if (card->tape->unplugged)
		return -ENODEV;
	card->running = 0;
	card->total = card->staged_frames = 0;
	arm(card);
	return 0;
}

static int sim_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	struct card *card = io->private_data;
	(void)params;
	free(card->staged);
	card->staged = calloc(io->buffer_size, TAPE_CHANNELS * sizeof *card->staged);
	return card->staged ? 0 : -ENOMEM;
}

static int sim_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned n, unsigned short *events)
{
	struct card *card = io->private_data;
	snd_pcm_sframes_t at = position(card), ready;
	uint64_t ticks;
	(void)fds, (void)n;
	while (read(card->timer, &ticks, sizeof ticks) > 0)
		;
	arm(card);
	if (at < 0 || card->tape->unplugged) {
		/* Without this the state stays RUNNING and write() fails with EIO, not EPIPE. */
		snd_pcm_ioplug_set_state(io, card->tape->unplugged ? SND_PCM_STATE_DISCONNECTED
							    : SND_PCM_STATE_XRUN);
		*events = POLLERR | (io->stream == SND_PCM_STREAM_PLAYBACK ? POLLOUT : POLLIN);
		return 0;
	}
	if (io->stream == SND_PCM_STREAM_PLAYBACK) {
		ready = (snd_pcm_sframes_t)io->buffer_size - (card->total - at);
		*events = ready >= (snd_pcm_sframes_t)io->period_size ? POLLOUT : 0;
	} else {
		ready = at - card->total;
		*events = ready >= (snd_pcm_sframes_t)io->period_size ? POLLIN : 0;
	}
	return 0;
}

static int sim_close(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	close(card->timer);
	munmap(card->tape, card->tape_bytes);
	free(card->staged);
	free(card);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = sim_start,
	.stop = sim_stop,
	.pointer = sim_pointer,
	.transfer = sim_transfer,
	.prepare = sim_prepare,
	.hw_params = sim_hw_params,
	.poll_revents = sim_revents,
	.close = sim_close,
};

/* ---- opening ---- */

static int map_tape(struct card *card, const char *path)
{
	int64_t unset = 0;
	off_t size;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = lseek(fd, 0, SEEK_END);
	if (size < HEADER_BYTES) {
		close(fd);
		return -EINVAL;
	}
	card->tape_bytes = size;
	card->tape = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (card->tape == MAP_FAILED)
		return -errno;
	card->source = card->tape->samples;
	card->sink = card->source + card->tape->frames * TAPE_CHANNELS;
	__atomic_compare_exchange_n(&card->tape->epoch_ns, &unset, now_ns(), 0,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return 0;
}

static int constrain(struct card *card)
{
	static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED};
	static const unsigned formats[] = {SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_3LE,
					   SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_FLOAT_LE};
	snd_pcm_ioplug_t *io = &card->io;
	int err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 1, access);
	unsigned only[] = {card->format};
	int any = card->format == SND_PCM_FORMAT_UNKNOWN;
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, any ? 4 : 1,
						    any ? formats : only);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 2);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE,
						      card->rate ? card->rate : 8000,
						      card->rate ? card->rate : 192000);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 32, 1 << 18);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
	return err;
}

SND_PCM_PLUGIN_DEFINE_FUNC(simcard)
{
	snd_config_iterator_t i, next;
	const char *path = NULL, *format = NULL;
	long exact = 1, rate = 0, loopback = -1;
	double speed = 1.0;
	struct card *card;
	int err;

	(void)root;
	snd_config_for_each(i, next, conf) {
		snd_config_t *entry = snd_config_iterator_entry(i);
		const char *id;
		if (snd_config_get_id(entry, &id) < 0)
			continue;
		if (!strcmp(id, "type") || !strcmp(id, "comment") || !strcmp(id, "hint"))
			continue;
		if (!strcmp(id, "tape"))
			err = snd_config_get_string(entry, &path);
		else if (!strcmp(id, "speed"))
			err = snd_config_get_ireal(entry, &speed);
		else if (!strcmp(id, "exact"))
			err = snd_config_get_integer(entry, &exact);
		else if (!strcmp(id, "rate"))
			err = snd_config_get_integer(entry, &rate);
		else if (!strcmp(id, "format"))
			err = snd_config_get_string(entry, &format);
		else if (!strcmp(id, "loopback"))
			err = snd_config_get_integer(entry, &loopback);
		else
			err = -EINVAL;
		if (err < 0) {
			SNDERR("simcard: bad field %s", id);
			return err;
		}
	}
	if (!path || speed <= 0.0) {
		SNDERR("simcard: a tape and a speed above 0 are needed");
		return -EINVAL;
	}
	card = calloc(1, sizeof *card);
	if (!card)
		return -ENOMEM;
	card->speed = speed;
	card->exact = exact;
	card->rate = rate;
	card->format = format ? snd_pcm_format_value(format) : SND_PCM_FORMAT_UNKNOWN;
	card->loopback = loopback;
	err = map_tape(card, path);
	if (err < 0) {
		free(card);
		return err;
	}
	if (card->tape->unplugged) {
		err = -ENODEV;
		goto unmap;
	}
	card->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	card->io.version = SND_PCM_IOPLUG_VERSION;
	card->io.name = "simulated card";
	card->io.callback = &callbacks;
	card->io.private_data = card;
	card->io.poll_fd = card->timer;
	card->io.poll_events = POLLIN;
	err = snd_pcm_ioplug_create(&card->io, name, stream, mode);
	if (err < 0)
		goto close_timer;
	err = constrain(card);
	if (err < 0) {
		snd_pcm_ioplug_delete(&card->io); /* which calls sim_close */
		return err;
	}
	*pcmp = card->io.pcm;
	return 0;

close_timer:
	close(card->timer);
unmap:
	munmap(card->tape, card->tape_bytes);
	free(card);
	return err;
}
SND_PCM_PLUGIN_SYMBOL(simcard);

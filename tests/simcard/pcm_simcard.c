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
 *     ring     1: the tapes go round, for runs of any length: frame f lies at f modulo their
 *              length, and of the output the last round is kept. 0 (default): past their end the
 *              input is silent and the output forgotten
 *     loopback -1 (default): capture hears the source; n >= 0: it hears the sink, n frames ago
 *
 * What it grants, as cards differ in it:
 *
 *     rate     the one rate of this card, in Hz; 0 (default): any from 8000 to 192000
 *     format   the one format of this card, such as "S16_LE"; default: S16, S24, S24_3, S32, FLOAT
 *     period   the one length of its periods, in frames of its format; 0 (default): any
 *     channels the number of channels it has; 0 (default): 1 or 2. The tapes have two: further
 *              channels hear silence and what they play is not kept, except that `first` shifts
 *              the tapes to channels first and first + 1 (counted from 0)
 *
 * Faults. The head of the shared file holds one for each site and direction, and a test (or a
 * person: the file may be written while it plays) sets them:
 *
 *     site       the call of the program that meets it        error it may give
 *     open       snd_pcm_open                                  any
 *     configure  snd_pcm_hw_params                             any
 *     prepare    snd_pcm_prepare                               any
 *     start      the first read or write after a prepare       any
 *     pointer    avail, and reads and writes while it runs     EPIPE or ESTRPIPE; others show as
 *                                                              EPIPE, as alsa-lib has it
 *     transfer   reads and writes                              any; EAGAIN: it takes no frames
 *
 * A fault waits for `after` calls to pass and then fails `count` of them (-1: all from then on);
 * `fired` counts those it has failed. `still` stops the pointer of a direction until it is cleared:
 * what was queued is not heard, and no error tells of it. `narrow` lets the next write take only so
 * many frames. `unplugged` fails every call with ENODEV until it is cleared.
 *
 * Not simulated: converters' delay, two crystals, mmap access.
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
#define HEADER_BYTES 1024

enum site { OPEN, CONFIGURE, PREPARE, START, POINTER, TRANSFER, SITES };

struct fault {
	int64_t error;          /* an errno */
	int64_t after;          /* calls that pass before it */
	int64_t count;          /* calls that fail; below 0: every one */
	int64_t fired;          /* calls that have failed */
	int64_t frame;          /* card frame at which the last one did */
};

struct tape {
	int64_t epoch_ns;       /* CLOCK_MONOTONIC at frame 0; 0 until the card is first opened */
	int64_t frames;         /* length of each tape */
	int64_t unplugged;      /* 1: every call fails with ENODEV */
	int64_t starts[2];      /* frame of the last start: playback, capture */
	int64_t opens;          /* how often a direction was opened */
	int64_t decided;        /* the sink is true up to here; beyond, a ring holds an older round */
	int64_t still[2];       /* 1: the pointer does not move: playback, capture */
	int64_t narrow;         /* frames that the next write takes; 0: all */
	int64_t spare[6];
	struct fault faults[SITES][2];
	char pad[HEADER_BYTES - 16 * 8 - SITES * 2 * sizeof(struct fault)];
	int32_t samples[];      /* source [frames][2], then sink [frames][2], full scale 2^31 */
};

struct card {
	snd_pcm_ioplug_t io;
	struct tape *tape;
	size_t tape_bytes;
	int32_t *source, *sink;
	int timer;
	double speed;
	int exact, ring;
	int rate, period, channels; /* the only ones, or 0 */
	int first;
	snd_pcm_format_t format; /* the only one, or SND_PCM_FORMAT_UNKNOWN */
	long loopback;
	int running;
	int narrowed;           /* the last transfer was cut short: the next takes nothing */
	snd_pcm_sframes_t last; /* the position last told, within the buffer */
	int64_t stood;          /* frame at which the pointer stopped, or -1 */
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

/* ---- faults ---- */

/* The error that this call shall fail with, as a negative number; 0 if it shall not. */
static int meets(const struct card *card, enum site site, int direction)
{
	struct fault *fault = &card->tape->faults[site][direction];
	if (card->tape->unplugged)
		return -ENODEV;
	if (!fault->count)
		return 0;
	if (fault->after > 0) {
		fault->after--;
		return 0;
	}
	if (fault->count > 0)
		fault->count--;
	fault->frame = card->io.rate ? frame_now(card) : 0;
	__atomic_add_fetch(&fault->fired, 1, __ATOMIC_SEQ_CST);
	return -(int)fault->error;
}

/* ---- samples ---- */

static int32_t *tape_at(const struct card *card, int32_t *samples, int64_t frame)
{
	if (frame < 0 || (frame >= card->tape->frames && !card->ring))
		return NULL;
	return samples + frame % card->tape->frames * TAPE_CHANNELS;
}

static void wipe(const struct card *card, int64_t from, int64_t to)
{
	for (int64_t f = from; f < to; f++) {
		int32_t *at = tape_at(card, card->sink, f);
		if (at)
			memset(at, 0, TAPE_CHANNELS * sizeof *at);
	}
}

/* The output is about to be written from here on: what was skipped before it was silence. */
static void decide(const struct card *card, int64_t from, int64_t to)
{
	struct tape *tape = card->tape;
	int64_t oldest = from - tape->frames;
	if (card->ring && from > tape->decided)
		wipe(card, tape->decided > oldest ? tape->decided : oldest, from);
	if (to > tape->decided)
		__atomic_store_n(&tape->decided, to, __ATOMIC_SEQ_CST);
}

static int32_t decode(snd_pcm_format_t format, const unsigned char *at)
{
	switch (format) {
	case SND_PCM_FORMAT_S16_LE:
		return (int32_t)((uint32_t)at[1] << 24 | (uint32_t)at[0] << 16);
	case SND_PCM_FORMAT_S24_LE:
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
	case SND_PCM_FORMAT_S24_LE:
		at[3] = 0x5a; /* nobody says what the fourth byte is */
		/* fall through */
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
	int err = meets(card, START, io->stream);
	if (err < 0)
		return err;
	card->start = frame_now(card);
	card->running = 1;
	card->stood = card->tape->still[io->stream] ? card->start : -1;
	card->tape->starts[io->stream] = card->start;
	if (io->stream == SND_PCM_STREAM_PLAYBACK)
		decide(card, card->start, card->start + card->staged_frames);
	for (int64_t i = 0; i < card->staged_frames && card->stood < 0; i++) {
		int32_t *to = tape_at(card, card->sink, card->start + i);
		if (to)
			memcpy(to, card->staged + i * TAPE_CHANNELS, TAPE_CHANNELS * sizeof *to);
	}
	card->staged_frames = 0;
	arm(card);
	return 0;
}

/* Stop, and what was queued and not played was never heard. */
static void halt(struct card *card)
{
	if (card->running && card->io.stream == SND_PCM_STREAM_PLAYBACK)
		wipe(card, card->stood < 0 ? frame_now(card) : card->stood, card->start + card->total);
	card->running = 0;
	arm(card);
}

static int sim_stop(snd_pcm_ioplug_t *io)
{
	halt(io->private_data);
	return 0;
}

/* The frame that this direction has reached: now, unless it stands still. */
static int64_t frame_reached(struct card *card)
{
	int64_t now = frame_now(card);
	if (card->tape->still[card->io.stream]) {
		if (card->stood < 0) {
			card->stood = now;
			if (card->io.stream == SND_PCM_STREAM_PLAYBACK)
				wipe(card, now, card->start + card->total);
		}
		return card->stood;
	}
	if (card->stood >= 0) { /* It moves again, so much later. */
		card->start += now - card->stood;
		card->tape->starts[card->io.stream] = card->start;
		card->stood = -1;
	}
	return now;
}

/* Frames since the start, or -EPIPE once the program has lost the race. */
static snd_pcm_sframes_t position(struct card *card)
{
	int64_t passed, buffer = card->io.buffer_size;
	if (!card->running)
		return card->last;
	passed = frame_reached(card) - card->start;
	if (card->io.stream == SND_PCM_STREAM_PLAYBACK ? passed >= card->total
						       : passed - card->total >= buffer)
		return -EPIPE;
	return card->exact ? passed : passed - passed % (int64_t)card->io.period_size;
}

static snd_pcm_sframes_t sim_pointer(snd_pcm_ioplug_t *io)
{
	struct card *card = io->private_data;
	snd_pcm_sframes_t at = position(card);
	int err = card->running ? meets(card, POINTER, io->stream) : 0;
	if (err == -ESTRPIPE) {
		/* The next read or write says so; a negative position would be taken for an xrun. */
		snd_pcm_ioplug_set_state(io, SND_PCM_STATE_SUSPENDED);
		halt(card);
		return card->last;
	}
	if (err < 0)
		return err;
	if (at >= 0)
		card->last = at = at % (snd_pcm_sframes_t)io->buffer_size;
	return at;
}

static snd_pcm_sframes_t sim_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				      snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct card *card = io->private_data;
	int plays = io->stream == SND_PCM_STREAM_PLAYBACK;
	int err = meets(card, TRANSFER, io->stream);
	if (err < 0)
		return err;
	if (card->narrowed) {
		card->narrowed = 0;
		return -EAGAIN;
	}
	if (plays && card->tape->narrow > 0 && (int64_t)size > card->tape->narrow) {
		size = card->tape->narrow;
		card->tape->narrow = 0;
		card->narrowed = 1;
	}
	if (plays && card->running)
		decide(card, card->start + card->total, card->start + card->total + size);
	for (snd_pcm_uframes_t i = 0; i < size; i++) {
		int64_t frame = card->start + card->total + i;
		if (plays) {
			int32_t *to = card->running ? tape_at(card, card->sink, frame)
				: card->staged + (card->staged_frames + i) * TAPE_CHANNELS;
			for (int c = 0; to && c < TAPE_CHANNELS; c++) {
				int channel = card->first + c;
				/* What is queued while it stands still will not be heard in its place. */
				to[c] = channel < (int)io->channels && card->stood < 0
					? decode(io->format, sample_at(&areas[channel], offset + i)) : 0;
			}
		} else {
			const int32_t *from = card->loopback < 0
				? tape_at(card, card->source, frame)
				: tape_at(card, card->sink, frame - card->loopback);
			for (int c = 0; c < (int)io->channels; c++) {
				int track = c - card->first;
				encode(io->format, sample_at(&areas[c], offset + i),
				       from && track >= 0 && track < TAPE_CHANNELS ? from[track] : 0);
			}
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
	int err = meets(card, PREPARE, io->stream);
	if (err < 0)
		return err;
	halt(card);
	card->total = card->staged_frames = card->last = 0;
	card->narrowed = 0;
	return 0;
}

static int sim_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	struct card *card = io->private_data;
	int err = meets(card, CONFIGURE, io->stream);
	(void)params;
	if (err < 0)
		return err;
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
	static const unsigned formats[] = {SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_LE,
					   SND_PCM_FORMAT_S24_3LE, SND_PCM_FORMAT_S32_LE,
					   SND_PCM_FORMAT_FLOAT_LE};
	snd_pcm_ioplug_t *io = &card->io;
	int err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 1, access);
	unsigned only[] = {card->format};
	int any = card->format == SND_PCM_FORMAT_UNKNOWN;
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, any ? 5 : 1,
						    any ? formats : only);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS,
						      card->channels ? card->channels : 1,
						      card->channels ? card->channels : 2);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE,
						      card->rate ? card->rate : 8000,
						      card->rate ? card->rate : 192000);
	if (err >= 0 && card->period) {
		/* alsa-lib speaks of bytes here: one length in frames is one for each width. */
		unsigned bytes[4], n = 0, channels = card->channels ? card->channels : 2;
		for (unsigned width = 2; width <= 4; width++)
			if (any || width == (unsigned)snd_pcm_format_physical_width(card->format) / 8)
				bytes[n++] = card->period * channels * width;
		err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, n, bytes);
	} else if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 32, 1 << 18);
	if (err >= 0)
		err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
	return err;
}

SND_PCM_PLUGIN_DEFINE_FUNC(simcard)
{
	snd_config_iterator_t i, next;
	const char *path = NULL, *format = NULL;
	long exact = 1, rate = 0, loopback = -1, ring = 0, period = 0, channels = 0, first = 0;
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
		else if (!strcmp(id, "ring"))
			err = snd_config_get_integer(entry, &ring);
		else if (!strcmp(id, "rate"))
			err = snd_config_get_integer(entry, &rate);
		else if (!strcmp(id, "period"))
			err = snd_config_get_integer(entry, &period);
		else if (!strcmp(id, "channels"))
			err = snd_config_get_integer(entry, &channels);
		else if (!strcmp(id, "first"))
			err = snd_config_get_integer(entry, &first);
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
	card->ring = ring;
	card->rate = rate;
	card->period = period;
	card->channels = channels;
	card->first = first;
	card->stood = -1;
	card->format = format ? snd_pcm_format_value(format) : SND_PCM_FORMAT_UNKNOWN;
	card->loopback = loopback;
	err = map_tape(card, path);
	if (err < 0) {
		free(card);
		return err;
	}
	err = meets(card, OPEN, stream);
	if (err < 0)
		goto unmap;
	__atomic_add_fetch(&card->tape->opens, 1, __ATOMIC_SEQ_CST);
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

// Stands in for libdrm, so that Mesa's driver for NVIDIA's cards finds one where there is none: it compiles shaders for it, and what it
// submits is thrown away and done at once. The calls are those of the kernel's nouveau driver, as far as NVK makes them. The card's
// memory is a sparse file, which is also the device that the driver opens: NO_HARDWARE_FILE. NO_HARDWARE_CHIP is NVIDIA's number of the
// chip, NO_HARDWARE_CARD that of the card, both in hexadecimal.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { uint16_t domain; uint8_t bus, device, function; } Bus;
typedef struct { uint16_t vendor, device, subvendor, subdevice; uint8_t revision; } Card;
typedef struct { char **nodes; int available, bus_type; void *bus, *card; } Device;
typedef struct { int major, minor, patch, name_length; char *name; int date_length; char *date; int text_length; char *text; } Version;

enum { nvidia = 0x10de, render_node = 2, pcie = 3 };
static const uint64_t memory = 80ull << 30;

static uint32_t number(const char *name) { return strtol(getenv(name), 0, 16); }
static uint32_t chip(void) { return number("NO_HARDWARE_CHIP"); }

static Device *card(void) {
  Device *device = calloc(1, sizeof *device);
  device->nodes = calloc(3, sizeof(char *));
  device->nodes[0] = device->nodes[1] = "";
  device->nodes[render_node] = getenv("NO_HARDWARE_FILE");
  device->available = 1 << render_node;
  device->bus = calloc(1, sizeof(Bus));
  Card *card = device->card = calloc(1, sizeof *card);
  card->vendor = nvidia;
  card->device = number("NO_HARDWARE_CARD");
  return device;
}

int drmGetDevices2(uint32_t flags, Device **out, int most) { if (out && most > 0) out[0] = card(); return 1; }
int drmGetDevice2(int fd, uint32_t flags, Device **out) { *out = card(); return 0; }
int drmGetDeviceFromDevId(uint64_t id, uint32_t flags, Device **out) { *out = card(); return 0; }
void drmFreeDevices(Device **devices, int count) {}
void drmFreeDevice(Device **device) {}
Version *drmGetVersion(int fd) {
  Version *version = calloc(1, sizeof *version);
  *version = (Version){ .major = 1, .minor = 4, .name_length = 7, .name = "nouveau", .date = "", .text = "" };
  return version;
}
void drmFreeVersion(Version *version) {}
int drmGetCap(int fd, uint64_t capability, uint64_t *value) { *value = 1; return 0; }

// What the driver asks for by number.
static int parameter(uint64_t *arguments) {
  switch (arguments[0]) {
  case 3: arguments[1] = nvidia; return 0;
  case 4: arguments[1] = number("NO_HARDWARE_CARD"); return 0;
  case 5: arguments[1] = 2; return 0;
  case 8: case 9: case 18: arguments[1] = memory; return 0;
  case 11: arguments[1] = chip(); return 0;
  case 13: arguments[1] = 54 << 8 | 7; return 0; // pairs of processors, and groups of these
  case 17: arguments[1] = 512; return 0;
  case 19: arguments[1] = 1 << 20; return 0;
  default: return -EINVAL;
  }
}

// A chip's classes: of copies, of two dimensions, of three, of uploads, of compute.
static void classes(uint8_t *list) {
  uint32_t c = chip();
  uint32_t generation = c >= 0x1b0 ? 0xce : c >= 0x190 ? 0xc9 : c >= 0x180 ? 0xcb : c >= 0x172 ? 0xc7 : c >= 0x170 ? 0xc6 : 0xc5;
  uint32_t copy = c >= 0x190 && c < 0x1b0 ? 0xc7b5 : c >= 0x180 && c < 0x190 ? 0xc8b5 : generation << 8 | 0xb5;
  const uint32_t all[] = { copy, 0x902d, generation << 8 | 0x97, 0xa140, generation << 8 | 0xc0 };
  memset(list + 8, 0, 16 * 8);
  list[1] = 5;
  for (int i = 0; i < 5; i++) memcpy(list + 8 + 8 * i, &all[i], 4);
}

static int object(uint8_t *request) {
  uint8_t *rest = request + 24;
  if (request[1] == 1) classes(rest);
  if (request[1] == 4) {
    uint8_t *info = rest + 8;
    uint16_t c = chip();
    info[1] = pcie;
    memcpy(info + 2, &c, sizeof c);
    memcpy(info + 8, &memory, sizeof memory);
    memcpy(info + 16, &memory, sizeof memory);
    strcpy((char *)info + 24, "none");
    strcpy((char *)info + 40, "NVIDIA card of no hardware");
  }
  return 0;
}

// Buffers lie behind each other in the file.
typedef struct { uint32_t handle, domain; uint64_t size, address, place; } Buffer;
static Buffer buffers[1 << 16];
static uint32_t count = 1;
static uint64_t end = 1 << 20;

static int allocate(int fd, Buffer *buffer) {
  if (count == 1 << 16) return -ENOMEM;
  buffer->handle = count++;
  buffer->address = buffer->place = end;
  buffers[buffer->handle] = *buffer;
  end += (buffer->size + 0xffff) & ~0xffffull;
  return ftruncate(fd, end);
}

static int command(int fd, unsigned long index, void *data) {
  switch (index) {
  case 0x00: return parameter(data);
  case 0x02: ((uint32_t *)data)[2] = 1; return 0; // a channel
  case 0x07: return object(data);
  case 0x40: return allocate(fd, data);
  case 0x44: *(Buffer *)data = buffers[((Buffer *)data)->handle & 0xffff]; return 0;
  default: return 0;
  }
}

int drmCommandWriteRead(int fd, unsigned long index, void *data, unsigned long size) { return command(fd, index, data); }
int drmCommandWrite(int fd, unsigned long index, void *data, unsigned long size) { return command(fd, index, data); }
int drmCommandRead(int fd, unsigned long index, void *data, unsigned long size) { return command(fd, index, data); }
int drmIoctl(int fd, unsigned long request, void *data) {
  unsigned index = (request & 0xff) - 0x40;
  return index < 0x60 ? command(fd, index, data) : 0;
}
int drmCloseBufferHandle(int fd, uint32_t handle) { return 0; }
int drmPrimeHandleToFD(int fd, uint32_t handle, uint32_t flags, int *out) { *out = dup(fd); return 0; }
int drmPrimeFDToHandle(int fd, int shared, uint32_t *handle) { *handle = 1; return 0; }

// Everything is done as soon as it is asked for.
static uint64_t points[1 << 16];
static uint32_t objects = 1;
static void reach(uint32_t handle, uint64_t point) { if (points[handle & 0xffff] < point) points[handle & 0xffff] = point; }
int drmSyncobjCreate(int fd, uint32_t flags, uint32_t *handle) { *handle = objects++; return 0; }
int drmSyncobjDestroy(int fd, uint32_t handle) { return 0; }
int drmSyncobjHandleToFD(int fd, uint32_t handle, int *out) { *out = dup(fd); return 0; }
int drmSyncobjFDToHandle(int fd, int shared, uint32_t *handle) { *handle = objects++; return 0; }
int drmSyncobjImportSyncFile(int fd, uint32_t handle, int file) { return 0; }
int drmSyncobjExportSyncFile(int fd, uint32_t handle, int *file) { *file = dup(fd); return 0; }
int drmSyncobjWait(int fd, uint32_t *handles, unsigned n, int64_t until, unsigned flags, uint32_t *first) {
  if (first) *first = 0;
  return 0;
}
int drmSyncobjTimelineWait(int fd, uint32_t *handles, uint64_t *at, unsigned n, int64_t until, unsigned flags, uint32_t *first) {
  if (first) *first = 0;
  return 0;
}
int drmSyncobjReset(int fd, const uint32_t *handles, uint32_t n) { return 0; }
int drmSyncobjSignal(int fd, const uint32_t *handles, uint32_t n) { return 0; }
int drmSyncobjTimelineSignal(int fd, const uint32_t *handles, uint64_t *at, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) reach(handles[i], at[i]);
  return 0;
}
int drmSyncobjQuery2(int fd, uint32_t *handles, uint64_t *at, uint32_t n, uint32_t flags) {
  for (uint32_t i = 0; i < n; i++) at[i] = points[handles[i] & 0xffff];
  return 0;
}
int drmSyncobjTransfer(int fd, uint32_t to, uint64_t to_point, uint32_t from, uint64_t point, uint32_t flags) {
  reach(to, to_point);
  return 0;
}

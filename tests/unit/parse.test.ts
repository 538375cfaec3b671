import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../src/errors/fault.ts';
import { macOf, parseDefinition, renderDefinition } from '../../src/machine/parse.ts';

const FRESH = '00000000-0000-4000-8000-00000000abcd';
const MINIMAL = 'name = "a"\nmachineType = "pc-q35-7.2"\nmemoryMiB = 64\n';
const DISK = '[[disks]]\nname = "root"\npath = "/img/a.qcow2"\n';

const complaint = (text: string): string => {
  try {
    parseDefinition(text, FRESH);
  } catch (thrown) {
    assert.ok(thrown instanceof Fault && thrown.code === 'definition-invalid', String(thrown));
    return thrown.message;
  }
  throw new Error('the definition was accepted');
};

test('the documented example is a valid definition that says every field', () => {
  const text = readFileSync(new URL('../../docs/machine.toml', import.meta.url), 'utf8');
  const definition = parseDefinition(text, FRESH);
  assert.equal(definition.name, 'web1');
  assert.equal(definition.disks[0]!.sizeBytes, 20 * 2 ** 30);
  assert.equal(definition.firmware.kind, 'uefi');
  assert.equal(definition.directBoot!.commandLine, 'console=ttyS0 root=/dev/vda1');
});

test('a minimal definition gets the given id, one CPU and a disk on virtio in qcow2', () => {
  const definition = parseDefinition(MINIMAL + DISK, FRESH);
  assert.equal(definition.id, FRESH);
  assert.deepEqual(definition.disks, [{ name: 'root', path: '/img/a.qcow2', format: 'qcow2', bus: 'virtio' }]);
  assert.equal(definition.cpuCount, 1);
  assert.deepEqual(definition.firmware, { kind: 'bios' });
});

test('what is rendered reads back as the same definition', () => {
  const example = readFileSync(new URL('../../docs/machine.toml', import.meta.url), 'utf8');
  for (const text of [example, MINIMAL + DISK, `${MINIMAL}${DISK}size = 1536\n[[nics]]\nkind = "none"\n`]) {
    const definition = parseDefinition(text, FRESH);
    assert.deepEqual(parseDefinition(renderDefinition(definition), 'unused'), definition);
  }
});

test('an unknown key is refused with the key that it resembles', () => {
  assert.match(complaint(`${MINIMAL}memoryMib = 5\n${DISK}`), /memoryMib is not a field.*did you mean memoryMiB\?/);
  assert.match(complaint(`${MINIMAL}${DISK}fromat = "raw"\n`), /disks\[0\]\.fromat is not a field.*did you mean format\?/);
  assert.match(complaint(`${MINIMAL}zzzzzzzz = 5\n${DISK}`), /known are name, id/);
});

test('a complaint names the field, its value and what is allowed', () => {
  const cases: [string, RegExp][] = [
    [`name = "a"\nmachineType = "q35"\nmemoryMiB = 64\n${DISK}`, /machineType is "q35", but must be a versioned machine type such as "pc-q35-7.2"/],
    [`name = "a"\nmachineType = "pc-q35-7.2"\n${DISK}`, /memoryMiB is missing; it must be a whole number from 16/],
    [`${MINIMAL}${DISK}bus = "ide"\n`, /disks\[0\]\.bus is "ide", but must be one of "virtio", "scsi", "sata"/],
    [`${MINIMAL}${DISK}size = "12 GB"\n`, /disks\[0\]\.size is "12 GB", but must be a size such as "20 GiB"/],
    [`${MINIMAL}${DISK}size = 1000\n`, /multiple of 512/],
    [`${MINIMAL}${DISK}${DISK}`, /disks\[1\]\.name is "root", but must be unique/],
    [`${MINIMAL}${DISK}[[nics]]\nkind = "bridge"\n`, /nics\[0\]\.bridge is missing/],
    [`${MINIMAL}${DISK}[[nics]]\nmac = "53:54:00:00:00:01"\n`, /unicast MAC/],
    [`${MINIMAL}${DISK}[firmware]\nkind = "uefi"\n`, /firmware\.codePath is missing/],
    [`${MINIMAL}${DISK}[firmware]\ncodePath = "\/x"\n`.replace('\\/', '/'), /firmware\.codePath is "\/x", but must be absent/],
    [`${MINIMAL}disks = 5\n`, /disks is 5, but must be a list of tables/],
    [MINIMAL, /disks is missing/],
    ['name = ', /not valid TOML/],
    [`${MINIMAL}tpm = "yes"\n${DISK}`, /tpm is "yes", but must be true or false/],
    [`${MINIMAL}[[disks]]\nname = "root"\npath = "images\/a"\n`, /path is "images\/a", but must be an absolute path/],
  ];
  for (const [text, expected] of cases) assert.match(complaint(text), expected);
});

test('a bus is refused when it has no place left', () => {
  const disks = (bus: string, count: number) =>
    Array.from({ length: count }, (_, i) => `[[disks]]\nname = "d${i}"\npath = "/img/${i}"\nbus = "${bus}"\n`).join('');
  assert.equal(parseDefinition(MINIMAL + disks('sata', 6), FRESH).disks.length, 6);
  assert.match(complaint(MINIMAL + disks('sata', 7)), /at most 6 disks fit on sata/);
});

test('a MAC address depends on the UUID and the place of the NIC only', () => {
  assert.equal(macOf(FRESH, 0), macOf(FRESH, 0));
  assert.notEqual(macOf(FRESH, 0), macOf(FRESH, 1));
  fc.assert(fc.property(fc.uuid(), fc.nat(7), (id, nic) => /^52:54:00(:[0-9a-f]{2}){3}$/.test(macOf(id, nic))));
});

test('any text is parsed or refused with definition-invalid, never with a bug', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    try {
      parseDefinition(text, FRESH);
    } catch (thrown) {
      return thrown instanceof Fault && thrown.code === 'definition-invalid';
    }
    return true;
  }));
});

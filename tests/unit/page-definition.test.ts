/** The page's form of a machine's definition: what is typed becomes TOML that the host reads, and the other way round. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inEnglish } from '../../src/language/text.ts';
import { formOf, freeName, newDisk, newForm, read, tomlOf, type DefinitionForm } from '../../web/src/define/form.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../docs/machine.toml'), 'utf8');

function definitionIn(toml: string) {
  const found = read(toml);
  if ('complaint' in found) assert.fail(inEnglish(found.complaint.message));
  return found.definition;
}

function complaintAbout(change: (form: DefinitionForm) => void) {
  const form = newForm();
  Object.assign(form.machine, { name: 'web1' });
  Object.assign(form.disks[0]!, { path: '/images/web1.qcow2' });
  change(form);
  const found = read(tomlOf(form));
  return 'complaint' in found ? found.complaint.field : 'none';
}

describe('the form of a definition', () => {
  test('holds every field of docs/machine.toml: text to form and back is the same machine', () => {
    const definition = definitionIn(EXAMPLE);
    const again = definitionIn(tomlOf(formOf(definition, EXAMPLE)));
    assert.deepEqual(again, definition);
  });

  test('leaves to the host what the text leaves to it', () => {
    const toml = 'name = "web1"\nmachineType = "pc-q35-7.2"\nmemoryMiB = 64\n[[disks]]\nname = "a"\npath = "/a"\n[[nics]]\nkind = "user"\n';
    const { machine, nics } = formOf(definitionIn(toml), toml);
    assert.deepEqual([machine['id'], nics[0]!['mac']], ['', '']);
  });

  for (const [what, change, field] of [
    ['no name', (form) => (form.machine.name = ''), 'name'],
    ['memory in words', (form) => (form.machine.memoryMiB = 'much'), 'memoryMiB'],
    ['a machine type without a version', (form) => (form.machine.machineType = 'q35'), 'machineType'],
    ['a relative path', (form) => (form.disks[0]!.path = 'web1.qcow2'), 'disks[0].path'],
    ['two disks of one name', (form) => form.disks.push({ ...newDisk('root'), path: '/b' }), 'disks[1].name'],
    ['a size without a unit that is known', (form) => (form.disks[0]!.size = '20 gigs'), 'disks[0].size'],
    ['a bridge without a name', (form) => form.nics.push({ kind: 'bridge', bridge: '', mac: '' }), 'nics[0].bridge'],
    ['UEFI without its code', (form) => (form.firmware.kind = 'uefi'), 'firmware.codePath'],
    ['a command line without a kernel', (form) => (form.directBoot.commandLine = 'quiet'), 'directBoot.kernelPath'],
    ['nothing wrong', () => undefined, 'none'],
  ] as const satisfies readonly (readonly [string, (form: DefinitionForm) => unknown, string])[]) {
    test(`with ${what} is complained of at ${field}`, () => assert.equal(complaintAbout(change), field));
  }

  test('keeps what is typed from being anything but text', () => {
    const form = newForm();
    form.machine.name = 'x"\nid = "evil';
    form.disks[0]!.path = '/a"]\n[firmware]\nkind = "uefi';
    assert.equal('complaint' in read(tomlOf(form)), true);
    form.machine.name = 'web1';
    assert.equal(complaintAbout((it) => (it.disks[0]!.path = '/with "quotes" and \\ too')), 'none');
  });

  test('names a new disk as none is named', () => {
    const form = newForm();
    for (const expected of ['data', 'data2', 'data3']) {
      assert.equal(freeName(form), expected);
      form.disks.push(newDisk(expected));
    }
  });
});

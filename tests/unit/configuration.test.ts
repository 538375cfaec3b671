/** The configuration file that the packages bring: complete, accepted, and right about what holds without it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FILE_KEYS, readConfig, type Config } from '../../src/daemon/config.ts';

const SHIPPED = join(import.meta.dirname, '../../packaging/understudy.toml');
/** Neither a proxy nor the journal is said there. */
const NO_ENVIRONMENT = {};
/** What holds without these lines depends on the machine: they are examples. */
const EXAMPLES = ['logFormat', 'hostName', 'pageUrl', 'wbemCertificate', 'wbemKey', 'wbemEventHosts', 'proxy', 'proxyExcept'];

describe('the configuration file of the packages', () => {
  const shipped = readFileSync(SHIPPED, 'utf8');
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'us-config-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function read(text: string): Config {
    const path = join(directory, 'understudy.toml');
    writeFileSync(path, text);
    return readConfig(['--config', path], '0.0.0', NO_ENVIRONMENT);
  }

  /** Every line that shows a key, without what makes it a comment. */
  const withoutComments = shipped.replaceAll(/^#(?=\w+ = )/gm, '');

  test('shows every key once, each below a comment that says what it is', () => {
    const lines = shipped.split('\n');
    const shown = lines.flatMap((line, at) => {
      const key = /^#(\w+) = /.exec(line)?.[1];
      return key === undefined ? [] : [{ key, above: lines[at - 1] }];
    });
    assert.deepEqual(shown.map(({ key }) => key).sort(), [...FILE_KEYS].sort());
    for (const { key, above } of shown) assert.match(above!, /^# |^#\w+ = /, key);
  });

  test('sets nothing as it comes', () => {
    assert.deepEqual(read(shipped), read(''));
  });

  test('is accepted with every comment taken away, and what it shows is what holds without it', () => {
    const isDefault = ([key]: readonly [string, unknown]): boolean => !EXAMPLES.includes(key);
    const shown = Object.entries(read(withoutComments));
    assert.deepEqual(shown.filter(isDefault), Object.entries(read('')).filter(isDefault));
    for (const [key, value] of shown) if (!isDefault([key, value])) assert.notDeepEqual(value, read('')[key as keyof Config], key);
  });
});

/** The log: one line for each event in each format, nothing hostile in it, and the journal is found where it reads. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readConfig } from '../../src/daemon/config.ts';
import { createLog, isJournal, logEvent, type LogFormat } from '../../src/daemon/log.ts';

const HOSTILE = 'web1\n<0>forged\u001b[31m\u202e"x"';

function lines(format: LogFormat, write: (log: ReturnType<typeof createLog>) => void): string[] {
  const written: string[] = [];
  write(createLog({ format, level: 'info', hostName: 'host-a', write: (line) => written.push(line) }));
  return written;
}

describe('the log', () => {
  test('is text for people, with the time, the level, what happened and its fields', () => {
    const [line] = lines('text', (log) => log.warn({ machine: 'web1', tries: 3, reason: 'no answer' }, 'the cycle failed'));
    assert.match(line!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN {2}the cycle failed machine=web1 tries=3 reason="no answer"\n$/);
  });

  test('is JSON for programs, with the level in words', () => {
    const [line] = lines('json', (log) => log.info({ machine: 'web1' }, 'it is up'));
    const { time, ...rest } = JSON.parse(line!);
    assert.ok(Date.parse(time) > 0);
    assert.deepEqual(rest, { level: 'info', host: 'host-a', machine: 'web1', msg: 'it is up' });
  });

  test('has the journal\'s priorities, and neither time nor host, which the journal has itself', () => {
    const written = lines('journal', (log) => {
      log.info('a');
      log.warn('b');
      log.error('c');
      log.fatal('d');
    });
    assert.deepEqual(written, ['<6>a \n', '<4>b \n', '<3>c \n', '<2>d \n'].map((line) => line.replace(' \n', '\n')));
  });

  for (const format of ['text', 'journal', 'json'] as const) {
    test(`as ${format} is one line an event, whatever a name, an error or a stack brings, and shows no secret`, () => {
      const written = lines(format, (log) => log.error({ machine: HOSTILE, err: new Error(HOSTILE), password: 'hunter2', token: 'hunter2', secret: 'hunter2', url: 'https://hooks/hunter2' }, HOSTILE));
      assert.equal(written.length, 1);
      assert.equal(written[0]!.split('\n').length, 2);
      assert.doesNotMatch(written[0]!, /hunter2/);
      if (format !== 'json') assert.doesNotMatch(written[0]!.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      else assert.doesNotMatch(written[0]!.slice(0, -1), /[\u0000-\u001f]/);
    });
  }

  test('has the entries of the event log with what to do', () => {
    const [line] = lines('journal', (log) => logEvent(log, { id: 7, atMs: 0, number: 32_022, severity: 'error', machine: 'web1', message: 'web1: it failed', hint: 'Look at it.' }));
    assert.equal(line, '<3>web1: it failed event=7 number=32022 machine=web1 hint="Look at it."\n');
  });
});

describe('the format', () => {
  test('is the journal\'s where JOURNAL_STREAM names the very stream, and not where it was only inherited', () => {
    const descriptor = openSync('/dev/null', 'r');
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    assert.ok(isJournal(descriptor, { JOURNAL_STREAM: `${dev}:${ino}` }));
    for (const named of [`${dev}:${ino + 1n}`, '', 'nonsense', ':']) assert.ok(!isJournal(descriptor, { JOURNAL_STREAM: named }));
    closeSync(descriptor);
  });

  test('can be chosen; one that is not known is refused with those that are', () => {
    const config = (...flags: string[]) => readConfig(['--config', '/dev/null', ...flags], '1', {});
    assert.deepEqual([config().logFormat, config('--log-format', 'json').logFormat], ['text', 'json']);
    const { dev, ino } = fstatSync(1, { bigint: true });
    assert.equal(readConfig(['--config', '/dev/null'], '1', { JOURNAL_STREAM: `${dev}:${ino}` }).logFormat, 'journal');
    assert.throws(() => config('--log-format', 'xml'), /logFormat cannot be xml: allowed is text, json, journal/);
    assert.throws(() => config('--log-level', 'loud'), /logLevel cannot be loud: allowed is fatal/);
  });
});

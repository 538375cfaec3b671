/** The host's processors as /proc/cpuinfo lists them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sockets } from '../../src/daemon/hardware.ts';

const thread = (processor: number, socket: number, core: number, mhz: string): string =>
  `processor\t: ${processor}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R)\ncpu MHz\t\t: ${mhz}\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n`;

test('threads are counted by socket and core, and the quickest clock is the socket\'s', () => {
  const found = sockets([thread(0, 0, 0, '2100.4'), thread(1, 0, 1, '2600.6'), thread(2, 0, 0, '2100.0'), thread(3, 1, 0, '1900.0')].join('\n'));
  assert.deepEqual(found.map(({ name, manufacturer, cores, threads, clockMhz }) => [name, manufacturer, cores, threads, clockMhz]), [
    ['Intel(R) Xeon(R)', 'GenuineIntel', 2, 3, 2_601],
    ['Intel(R) Xeon(R)', 'GenuineIntel', 1, 1, 1_900],
  ]);
});

test('a file that says nothing of sockets is one socket of as many cores as threads', () => {
  const [only, ...others] = sockets('processor\t: 0\nBogoMIPS\t: 50.00\n\nprocessor\t: 1\nBogoMIPS\t: 50.00\n');
  assert.deepEqual([only!.cores, only!.threads, others], [2, 2, []]);
});

test('without the file there is a processor all the same', () => {
  assert.ok(sockets('').every(({ cores, threads }) => cores > 0 && threads > 0));
  assert.ok(sockets('').length > 0);
});

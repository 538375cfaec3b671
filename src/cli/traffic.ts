/** understudy traffic: how much leaves this host for replicas at once, and how fast. */
import { InvalidArgumentError, type Command } from 'commander';
import type { BandwidthRule } from '../cycle/bandwidth.ts';
import { Failure } from '../client/failure.ts';
import type { View } from '../client/operation.ts';
import { t } from './language.ts';
import { list } from './output.ts';
import { act, given, whole, type Run } from './run.ts';

interface TrafficOptions {
  readonly transfers?: number;
  readonly resynchronizations?: number;
  /** Given, or taken away by --no-bandwidth. */
  readonly bandwidth?: readonly BandwidthRule[] | false;
}

const RULE = /^(?:(\d\d:\d\d)-(\d\d:\d\d)=)?(\d+(?:\.\d+)?)$/;

/** Collects `--bandwidth 08:00-18:00=20` and `--bandwidth 100`. */
export function bandwidthRule(text: string, before: readonly BandwidthRule[] | boolean = []): readonly BandwidthRule[] {
  const [, from, until, mbit] = RULE.exec(text) ?? [];
  if (mbit === undefined) throw new InvalidArgumentError(t('It must be like 08:00-18:00=20 (a window by the clock and Mbit/s), or 100 for all day.'));
  return [...(typeof before === 'boolean' ? [] : before), { ...given({ from, until }), mbitPerSecond: Number(mbit) }];
}

export const ruleText = ({ from, until, mbitPerSecond }: BandwidthRule): string => `${from === undefined ? t('all day') : `${from}-${until}`}: ${mbitPerSecond} Mbit/s`;

const names = (machines: readonly string[]): string => (machines.length === 0 ? t('none') : machines.join(', '));

const trafficText = (it: View<'Traffic'>): string =>
  list([
    [t('transfers at once'), String(it.transfers)],
    [t('resynchronizations at once'), String(it.resynchronizations)],
    [t('bandwidth'), it.bandwidth.length === 0 ? t('no limit') : it.bandwidth.map(ruleText).join('; ')],
    [t('bandwidth now'), it.mbitPerSecondNow === null ? t('no limit') : `${it.mbitPerSecondNow} Mbit/s`],
    [t('transferring'), names(it.transferring)],
    [t('resynchronizing'), names(it.resynchronizing)],
  ]);

async function show(run: Run): Promise<void> {
  const traffic = await run.api.get('/api/traffic');
  run.out.result(traffic, () => trafficText(traffic));
}

async function set(run: Run, { transfers, resynchronizations, bandwidth }: TrafficOptions): Promise<void> {
  const change = given({ transfers, resynchronizations, bandwidth: bandwidth === false ? [] : Array.isArray(bandwidth) ? bandwidth : undefined });
  if (Object.keys(change).length === 0) throw new Failure('usage', t('nothing to set was given'), t('See understudy traffic set --help.'));
  const traffic = await run.api.patch('/api/traffic', { body: change });
  run.out.result(traffic, () => trafficText(traffic));
}

export function trafficCommands(program: Command): void {
  const traffic = program.command('traffic').description('what leaves this host for replicas');
  traffic.command('show').description('what is set, and what is under way').action(act(show));
  traffic
    .command('set')
    .description('change what is given; what is under way follows')
    .option('--transfers <n>', 'machines that are sent at once, to all hosts', whole(1, 1_024))
    .option('--resynchronizations <n>', 'machines that resynchronize at once', whole(1, 1_024))
    .option('--bandwidth <limit>', 'Mbit/s: 100 all day, or 08:00-18:00=20; may be given again, the lowest counts', bandwidthRule)
    .option('--no-bandwidth', 'no limit of the bandwidth')
    .action(act(set));
}

/** What the hosts of a chain ask through the one in the middle: who owns the machine, and whether its guest runs. */
import { faultOf } from '../../errors/fault.ts';
import { Refused, refuse } from '../../errors/refusal.ts';
import type { Relationship } from '../../machine/records.ts';
import { kindOf } from '../../relationship/chain.ts';
import type { Greeting, Standing } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { greet } from '../greeting.ts';
import type { Host } from '../host.ts';
import { machineOf } from '../spec.ts';
import { relationshipNamed, update } from '../transition.ts';
import { say } from '../../language/text.ts';

const ASK_WITHIN_MS = 2_500;

async function asked({ host }: Engine, relationshipId: string): Promise<Standing | undefined> {
  try {
    return await greet(host, relationshipId, host.clock.timeout(ASK_WITHIN_MS));
  } catch (thrown) {
    if (!faultOf(thrown) && !(thrown instanceof Refused)) throw thrown;
    return undefined;
  }
}

/** The host before is about to start the guest: a newer epoch of the next host is known here when this resolves. */
export async function askNext(engine: Engine, machineId: string): Promise<void> {
  const extended = engine.host.state.extendedOf(machineId);
  if (extended) await asked(engine, extended.id);
}

/** For the next host: whether the guest runs on the host before, and its name. That host hears of our epoch by it. */
export async function runningBefore(engine: Engine, { machineId }: Relationship): Promise<Pick<Standing, 'power' | 'runsOn'> | undefined> {
  const { host } = engine;
  const own = host.state.relationshipOf(machineId);
  if (own?.side !== 'replica') return undefined;
  const standing = await asked(engine, own.id);
  if (!standing || standing.power === 'off' || standing.side !== 'primary') return undefined;
  return { power: standing.power, runsOn: host.peerName(own.peerId) };
}

/** On the last host: the middle of the chain has become primary, or this is the end of a chain again. */
export function noticeKind(host: Host, relationshipId: string, { kind, side }: Pick<Greeting, 'kind' | 'side'>): void {
  const relationship = relationshipNamed(host, relationshipId);
  if (kind === undefined || side !== 'primary' || relationship.side !== 'replica' || kindOf(relationship) === kind) return;
  update(host, relationshipId, () => ({ kind }));
}

/** The planned failover goes further, to the next host: its token is there. */
export function checkNotHandedOn(host: Host, machineId: string): void {
  const extended = host.state.extendedOf(machineId);
  if (extended?.token === undefined || extended.token === null) return;
  throw new Refused(refuse(say('{machine}: the planned failover goes on to {peer}: cancel it on {host} first (understudy cancel-failover --extended)', { machine: machineOf(host, machineId).name, peer: host.peerName(extended.peerId), host: host.hostName }), []));
}

/** A test of the connection to another host: each step by itself, so that the one that fails is named. */
import { call } from '../engine/calls.ts';
import type { JobContext, JobResult } from '../engine/jobs.ts';
import { failureText, Fault, faultOf } from '../errors/fault.ts';
import { type Said, say } from '../language/text.ts';
import { hostNamed, type ConnectionStep, type Context } from './context.ts';

const WITHIN_MS = 15_000;

type Step = ConnectionStep | 'authorization';

const STEPS: Readonly<Record<Step, Said>> = {
  name: say('finding the address of its name'),
  port: say('connecting to its peer port'),
  proxy: say('getting through the proxy'),
  tls: say('agreeing on TLS'),
  trust: say('checking its key'),
  hello: say('being known there'),
  authorization: say('asking whether it takes replicas from this host'),
};

/** Every step that was needed is "ok" in the result; a fault says at which step it failed. */
export async function testConnection(context: Context, job: JobContext): Promise<JobResult> {
  const { engine: { host }, network } = context;
  const { hostId, name } = hostNamed(context, String(job.args['host']));
  const signal = AbortSignal.any([job.signal, host.clock.timeout(WITHIN_MS)]);
  const begun: Step[] = [];
  const begin = (step: Step) => {
    begun.push(step);
    job.progress((100 * begun.length) / Object.keys(STEPS).length, STEPS[step]);
  };
  try {
    await network.test(hostId, job.args['bypassProxy'] === true, begin, signal);
    begin('authorization');
    const { accepts, isServerOff } = await call(host.peers, hostId, 'acceptance', { bypassProxy: job.args['bypassProxy'] === true }, signal);
    if (isServerOff) throw new Fault('server-off', say('{name} takes no replicas: its replica server is switched off', { name }));
    if (!accepts) throw new Fault('peer-not-authorized', say('{name} answers, and takes no replicas from {host}: it has no authorization entry for it', { name, host: host.hostName }));
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (!fault) throw thrown;
    throw new Fault(fault.code, say('the test of the connection to {name} failed at {step}: {reason}', { name, step: STEPS[begun.at(-1) ?? 'name'], reason: [failureText(fault)] }), { cause: fault });
  }
  return Object.fromEntries(begun.map((step) => [step, 'ok']));
}

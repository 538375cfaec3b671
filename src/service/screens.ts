/** Use cases of looking at a guest: its display and its serial console, of one that runs and of the last test failover. They may show secrets: a viewer sees neither. */
import { Fault } from '../errors/fault.ts';
import { say } from '../language/text.ts';
import { machineNamed, ownNamed, seen, type Context } from './context.ts';
import type { Operations } from './operations.ts';
import type { TestResultView } from './views.ts';

type ScreenOperations = Pick<Operations, 'screenshot' | 'consoleText' | 'testResult' | 'testScreenshot'>;

const NOTHING: TestResultView = { atMs: null, moment: null, pointId: null, hasPicture: false, text: '' };

export function screenOperations(context: Context): ScreenOperations {
  const { host } = context.engine;
  return {
    screenshot: (caller, machine) =>
      seen(context, caller, 'operator', 'vm screenshot', machine, async (context) => {
        const { id, definition } = machineNamed(context, machine);
        const png = await host.hypervisor.screenshot({ instanceId: id, definition }, new AbortController().signal);
        return { png, atMs: host.clock.nowMs() };
      }),
    consoleText: (caller, machine) => seen(context, caller, 'operator', 'vm console-text', machine, (context) => host.hypervisor.consoleText(machineNamed(context, machine).id)),
    testResult: (caller, machine) =>
      seen(context, caller, 'operator', 'test-result', machine, async (context) => {
        const result = await host.testResults.of(ownNamed(context, machine).id);
        return result ? { atMs: result.atMs, moment: result.moment, pointId: result.pointId, hasPicture: result.picture !== null, text: result.text } : NOTHING;
      }),
    testScreenshot: (caller, machine) =>
      seen(context, caller, 'operator', 'test-screenshot', machine, async (context) => {
        const { id, machineId } = ownNamed(context, machine);
        const result = await host.testResults.of(id);
        if (!result?.picture) throw new Fault('test-picture-unknown', say('{host} has no picture of a test failover of {machine}', { host: host.hostName, machine: host.state.machine(machineId)?.name ?? machine }));
        return { png: result.picture, atMs: result.atMs };
      }),
  };
}

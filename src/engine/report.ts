/** Writes to the event log: what happened, to which machine, what to do. Number and severity come from the table of events. */
import { EVENTS, type EventName, type EventRow } from '../health/events.ts';
import { inEnglish, say, told, type Text } from '../language/text.ts';
import type { Host } from './host.ts';

/** `machine`: its name, or null for the host itself. Without a hint the table's stands. */
export function report(host: Host, event: EventName, machine: string | null, message: Text, hint?: Text): void {
  const { number, severity, hint: standing }: EventRow = EVENTS[event];
  const cure = hint ?? standing;
  const about = machine === null || inEnglish(message).startsWith(`${machine}: `) ? message : say('{machine}: {message}', { machine, message: [message] });
  host.state.addEvent({ atMs: host.clock.nowMs(), number, severity, machine, ...told(about), ...(cure !== '' && { hint: inEnglish(cure), ...(typeof cure !== 'string' && { hintSaid: cure }) }) });
}

/**
 * A fault: the world failed (not the request, not our code). Every fault is a row of one table, which says whether
 * to try again, how each interface reports it, and what the person in front of it should do.
 */
import { inEnglish, saidOf, type Text, type Told } from '../language/text.ts';

type Retry = 'backoff' | 'resynchronize' | 'operator' | 'never';

interface FaultRow {
  /** What kind of thing happened, in a few words. */
  readonly title: string;
  readonly retry: Retry;
  readonly httpStatus: number;
  /** Return value of a CIM method. Source: Msvm_ReplicationService, "Return value". */
  readonly cimReturn: number;
  readonly exitCode: number;
  readonly hint: string;
}

const row = (title: string, retry: Retry, httpStatus: number, cimReturn: number, exitCode: number, hint: string): FaultRow => ({
  title,
  retry,
  httpStatus,
  cimReturn,
  exitCode,
  hint,
});

/** Exit codes: 1 bug, 2 usage, 3 refused now, 4 not found, 5 not allowed to you, 10 and above the world failed. */
export const FAULTS = {
  'peer-unreachable': row('The other host cannot be reached', 'backoff', 503, 32777, 10, 'Check that the other host is up and that its peer port (7443) can be reached: understudy host list.'),
  'peer-proxy': row('The proxy does not let the connection through', 'backoff', 502, 32777, 52, 'Look at the proxy (its rules, its log) and at proxy in the configuration of this host (address, user, password). A relationship goes past it with: understudy settings MACHINE --bypass-proxy.'),
  'peer-certificate': row('The other host showed a certificate that is not the paired one', 'operator', 502, 32777, 11, 'The host that answered is not the host that was paired. If it was reinstalled, remove it and pair again: understudy host remove, understudy host invite.'),
  'peer-not-authorized': row('The other host takes no replicas from this host', 'operator', 403, 32769, 12, 'The other host has no authorization entry for this host. Add one there (understudy authorization add), then go on here: understudy resume.'),
  'server-off': row('The replica server there is switched off', 'operator', 403, 32777, 51, 'Switch the replica server on there (understudy server set --replica-server on), then go on here: understudy resume.'),
  'peer-protocol': row('The hosts do not understand each other', 'operator', 502, 32768, 13, 'The two hosts do not understand each other. Run the same version of Understudy on both.'),
  'peer-busy': row('The other host is busy with this virtual machine', 'backoff', 503, 32774, 14, 'The other host works on this virtual machine already. The request is tried again by itself.'),
  'attempt-lost': row('The cycle could not be finished', 'backoff', 409, 32775, 15, 'The cycle could not be finished. Nothing is lost: the next cycle carries its changes too.'),
  'tracking-lost': row('The record of changes is lost', 'resynchronize', 409, 32775, 16, 'The record of changes is gone (QEMU was killed or the disk was changed from outside). A resynchronization compares the disk and ships what differs.'),
  'disk-format': row('A disk is not in the format that is expected', 'operator', 422, 32773, 20, 'The file is not in the format that the definition says. Look at it with qemu-img info and correct the definition.'),
  'disk-missing': row('A disk is missing', 'operator', 422, 32779, 21, 'A disk or backing file is missing. Put it back or correct the path in the definition.'),
  'disk-in-use': row('A disk is in use by another program', 'backoff', 409, 32774, 22, 'Another program has the disk open. Close it; Understudy opens the disk again by itself.'),
  'disk-changed': row('A disk was changed while the guest was off', 'resynchronize', 409, 32775, 23, 'The disk was changed while the guest was off. A resynchronization compares it.'),
  'disk-io': row('Reading or writing a disk failed', 'backoff', 500, 32768, 24, 'Reading or writing a disk failed. Look at the host\'s kernel log and the storage.'),
  'space-exhausted': row('The storage is full', 'backoff', 507, 32768, 25, 'The target has no space left. Free space there; replication goes on by itself and no recovery point is lost.'),
  'fleecing-exhausted': row('The space for overwritten data is used up', 'backoff', 507, 32768, 26, 'The guest wrote faster than the cycle could ship, so the cycle was given up. Raise fleecingBudgetMiB or the bandwidth.'),
  'qemu-failed': row('QEMU failed', 'backoff', 500, 32768, 30, 'QEMU did not start or ended. Its own message is above; its log is under the state directory.'),
  'qemu-protocol': row('QEMU answered with an error', 'backoff', 500, 32768, 31, 'QEMU answered a command with an error. Its own message is above.'),
  'bridge-missing': row('A network bridge is missing', 'operator', 422, 32779, 49, 'Make the bridge on this host, or name one that it has: in the definition, or for a replica with enable --bridge.'),
  'guest-not-responding': row('The guest does not respond', 'operator', 504, 32772, 32, 'The guest did not shut down in time. Shut it down from inside, or use --force.'),
  'agent-silent': row('The guest agent does not answer', 'backoff', 504, 32772, 60, 'Is the QEMU guest agent installed and running in the guest (package qemu-guest-agent), and guestAgent = true in the definition?'),
  'freeze-failed': row('The guest\'s file systems could not be held still', 'backoff', 500, 32768, 61, 'The guest agent could not hold the guest\'s file systems still. Look at its log in the guest (journalctl -u qemu-guest-agent) and at its freeze hooks; recovery points are crash-consistent meanwhile.'),
  'addresses-not-set': row('The addresses could not be set in the guest', 'operator', 502, 32768, 53, 'The machine runs, with the addresses that its guest had. Set them in the guest by hand, or mend what is named above and try again: understudy network apply <machine>.'),
  'agent-refused': row('The guest agent refused a command', 'operator', 502, 32768, 71, 'The guest agent does not allow this command, or it failed in the guest. Look at the agent\'s configuration there (its list of blocked commands).'),
  'point-damaged': row('The recovery point is damaged', 'operator', 409, 32775, 62, 'Do not fail over to this recovery point: choose another (understudy points; verify it too), and look at this host\'s storage. Points that stand on the same layers, those made from now on too, count as damaged until they are verified themselves: when the storage is sound again, disable replication and enable it anew.'),
  'seed-unfit': row('The copy does not fit the virtual machine', 'operator', 422, 32773, 56, 'A copy to start from is the same virtual machine: same UUID, off, with the same disks of the same sizes. Correct it on the replica\'s host, or copy everything over the network.'),
  'media-missing': row('The media were not found', 'operator', 404, 32779, 57, 'Name a directory of the host that is asked: for an export one that exists, for an import the one with the export, or that which holds it.'),
  'media-unfit': row('The media are of another export', 'operator', 422, 32773, 58, 'Use the export that this relationship waits for. When it is lost: disable replication, enable it again and export anew.'),
  'media-damaged': row('The media are damaged', 'operator', 422, 32773, 59, 'The media are not what was exported. Copy them again from where they are whole, and import again: what was copied before is kept.'),
  'machine-exists': row('The virtual machine exists already', 'operator', 409, 32773, 33, 'There is a virtual machine with this name or UUID already: understudy vm list.'),
  'definition-invalid': row('The definition is not valid', 'operator', 422, 32773, 34, 'Correct the definition file and run the command again.'),
  'parameter-invalid': row('A parameter is not valid', 'never', 422, 32773, 2, 'Correct the parameter that is named and call again.'),
  'machine-busy': row('Another operation holds the virtual machine', 'backoff', 409, 32774, 3, 'Another operation holds this virtual machine. See what runs: understudy jobs.'),
  'machine-unknown': row('The virtual machine is not known here', 'never', 404, 32779, 4, 'No virtual machine of this name or UUID is on this host: understudy vm list.'),
  'not-replicated': row('The virtual machine is not replicated', 'never', 404, 32775, 4, 'Replicate it first: understudy enable <machine> --to <host>.'),
  'host-unknown': row('The host is not paired', 'never', 404, 32777, 4, 'No host of this name is paired: understudy host list, understudy host invite.'),
  'authorization-unknown': row('The authorization entry does not exist', 'never', 404, 32773, 4, 'There is no such authorization entry: understudy authorization list.'),
  'point-unknown': row('The recovery point does not exist', 'never', 404, 32773, 4, 'There is no such recovery point: understudy points <machine>.'),
  'test-picture-unknown': row('There is no picture of a test failover', 'never', 404, 32773, 4, 'Rehearse a failover on the host of the replica: understudy test <machine>. The picture is taken once the copy has booted; a copy without a display has text instead: understudy test-result <machine>.'),
  'adapter-unknown': row('The network adapter does not exist', 'never', 404, 32773, 4, 'There is no such network adapter: understudy network show <machine>.'),
  'job-unknown': row('The job does not exist', 'never', 404, 32773, 4, 'There is no such job: understudy jobs.'),
  'notification-target-unknown': row('The target of notifications does not exist', 'never', 404, 32773, 4, 'There is no such target of notifications: understudy notify list.'),
  'webhook-unreachable': row('The webhook cannot be reached', 'backoff', 502, 32768, 63, 'Check the URL and that this host reaches it (name, firewall, proxy). What waits is sent again by itself; try it now with understudy notify test.'),
  'webhook-certificate': row('The webhook has a certificate that is not trusted', 'backoff', 502, 32768, 64, 'This host does not trust the certificate there. Have the other side present one of an authority that this host knows, or name its authority: understudy notify set --authority FILE.'),
  'webhook-refused': row('The webhook did not take the message', 'backoff', 502, 32768, 65, 'The other side answered and did not take the message: look at the URL, its headers and its secret (understudy notify set), and at the log there. What waits is sent again by itself.'),
  'mail-program-missing': row('There is no program that sends mail', 'backoff', 500, 32768, 66, 'Mail is given to this host\'s own transport. Install one (postfix, exim4, msmtp-mta, nullmailer), or name its program in the configuration: sendmail = "/usr/sbin/sendmail".'),
  'mail-refused': row('The mail was not taken', 'backoff', 502, 32768, 67, 'The mail transport did not take the message. Its own words are above; look at its log and at the address. What waits is sent again by itself.'),
  'user-unknown': row('The user does not exist', 'never', 404, 32773, 4, 'There is no such user: understudy user list.'),
  'invitation-invalid': row('The invitation is not valid', 'operator', 403, 32769, 35, 'An invitation is used once, within its time, and copied whole. Make a new one on the other host: understudy host invite.'),
  'settings-invalid': row('A setting is not valid', 'operator', 422, 32773, 36, 'Correct the value and try again.'),
  'readiness-failed': row('What is needed is not in place', 'operator', 422, 32773, 37, 'What is named above has to be mended first; each finding names its cure.'),
  'state-corrupt': row('The state file is damaged', 'operator', 500, 32768, 40, 'The state file is damaged. It was left untouched. Restore it from a backup, or move it away: recovery points are rebuilt from their sidecars.'),
  'state-newer': row('The state is of a newer version', 'operator', 500, 32768, 68, 'Install that version, or a later one, again. To go back to this version: understudy restore-state, with a backup that it made.'),
  'backup-unfit': row('The backup cannot be restored', 'operator', 422, 32773, 69, 'Take another backup file. Nothing was changed.'),
  'restore-interrupted': row('A restore of the state is not finished', 'operator', 500, 32768, 70, 'Run understudy restore-state again with the same backup: it goes on where it stopped, and then the daemon starts.'),
  'daemon-unreachable': row('The daemon cannot be reached', 'operator', 503, 32777, 41, 'Is understudyd running on this host? Start it, or give --run-dir when it runs elsewhere.'),
  'daemon-running': row('Another daemon uses this state directory', 'operator', 409, 32774, 42, 'Another understudyd uses this state directory. Stop it first.'),
  'port-in-use': row('The port is in use', 'operator', 409, 32774, 43, 'Another program listens on this port. Use --port-offset, or stop the other program.'),
  'sign-in-failed': row('Signing in failed', 'operator', 401, 32769, 5, 'Name or password is wrong, or the session has ended. Sign in again.'),
  'sign-in-locked': row('Signing in is locked for a while', 'operator', 429, 32769, 5, 'Too many sign-ins failed. Wait the time that is named above, then try again.'),
  'origin-foreign': row('A page of another origin asked for this', 'never', 403, 32769, 5, 'Open the page at the address of this host. A proxy before it has to pass the Host header on as the browser sent it.'),
  'role-missing': row('The role does not allow this', 'operator', 403, 32769, 5, 'Your role does not allow this. Ask an administrator.'),
  'not-supported': row('This is not supported', 'never', 501, 32770, 44, 'This version cannot do that yet.'),
  cancelled: row('The operation was cancelled', 'never', 409, 32768, 45, 'The operation was cancelled. Nothing is lost.'),
  'split-brain': row('Both hosts went on by themselves', 'operator', 409, 32775, 47, 'Nobody overwrites anybody until you choose: look at both guests, then run understudy become-replica on the host whose changes may be set aside (they are kept as a recovery point).'),
  'replica-unknown': row('The replica was removed on the other host', 'operator', 409, 32779, 48, 'The replica was removed there. Remove the relationship here too (understudy disable) and enable it again.'),
  'sending-ended': row('The other host sends nothing more', 'operator', 409, 32775, 72, 'The disks and recovery points here are kept. Remove the relationship here too (understudy disable); then the machine can be replicated here again.'),
  'integrity': row('What arrived is not what was sent', 'backoff', 500, 32768, 46, 'What arrived is not what was sent, so it was not kept. It is sent again; if this repeats, check memory and storage of both hosts.'),
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

/** Thrown when the world failed. `message` says what happened and to which machine; the hint comes from the table. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly said: Text;

  constructor(code: FaultCode, message: Text, options?: { cause?: unknown }) {
    super(inEnglish(message), options);
    this.name = 'Fault';
    this.code = code;
    this.said = message;
  }

  get row(): FaultRow {
    return FAULTS[this.code];
  }

  get hint(): string {
    return this.row.hint;
  }
}

/** Any failure that was kept or reported. */
interface Failure extends Told {
  readonly code: string;
}

/**
 * The failure for people: what was noticed, where it is said so that it can be translated. Otherwise other languages have what
 * kind of failure it is, and the English words behind it.
 */
export function failureText(failure: Failure): Text {
  const said = saidOf(failure);
  if (typeof said !== 'string' || !Object.hasOwn(FAULTS, failure.code)) return said;
  const { title } = FAULTS[failure.code as FaultCode];
  return { text: '{title}: {detail}', values: { title: { text: title, values: {} }, detail: said }, english: said };
}

/** A failure as a record keeps it. */
export const kept = ({ code, message, said, hint }: Fault): Failure & { readonly hint: string } => ({ code, message, ...(typeof said !== 'string' && { said }), hint });

/** The other host cannot be asked now, for whatever reason on the way to it. */
export const isOutOfReach = (code: string | undefined): boolean => code === 'peer-unreachable' || code === 'peer-proxy';

/** The fault inside anything thrown, or undefined when it is none (a bug). */
export const faultOf = (thrown: unknown): Fault | undefined => (thrown instanceof Fault ? thrown : undefined);

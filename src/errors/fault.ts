/**
 * A fault: the world failed (not the request, not our code). Every fault is a row of one table, which says whether
 * to try again, how each interface reports it, and what the person in front of it should do.
 */

type Retry = 'backoff' | 'resynchronize' | 'operator' | 'never';

interface FaultRow {
  readonly retry: Retry;
  readonly httpStatus: number;
  /** Return value of a CIM method. Source: Msvm_ReplicationService, "Return value". */
  readonly cimReturn: number;
  readonly exitCode: number;
  readonly hint: string;
}

const row = (retry: Retry, httpStatus: number, cimReturn: number, exitCode: number, hint: string): FaultRow => ({
  retry,
  httpStatus,
  cimReturn,
  exitCode,
  hint,
});

/** Exit codes: 1 bug, 2 usage, 3 refused now, 4 not found, 5 not allowed to you, 10 and above the world failed. */
export const FAULTS = {
  'peer-unreachable': row('backoff', 503, 32777, 10, 'Check that the other host is up and that its peer port (7443) can be reached: understudy host list.'),
  'peer-proxy': row('backoff', 502, 32777, 52, 'Look at the proxy (its rules, its log) and at proxy in the configuration of this host (address, user, password). A relationship goes past it with: understudy settings MACHINE --bypass-proxy.'),
  'peer-certificate': row('operator', 502, 32777, 11, 'The host that answered is not the host that was paired. If it was reinstalled, remove it and pair again: understudy host remove, understudy host invite.'),
  'peer-not-authorized': row('operator', 403, 32769, 12, 'The other host has no authorization entry for this host. Add one there (understudy authorization add), then go on here: understudy resume.'),
  'server-off': row('operator', 403, 32777, 51, 'Switch the replica server on there (understudy server set --replica-server on), then go on here: understudy resume.'),
  'peer-protocol': row('operator', 502, 32768, 13, 'The two hosts do not understand each other. Run the same version of Understudy on both.'),
  'peer-busy': row('backoff', 503, 32774, 14, 'The other host works on this virtual machine already. The request is tried again by itself.'),
  'attempt-lost': row('backoff', 409, 32775, 15, 'The cycle could not be finished. Nothing is lost: the next cycle carries its changes too.'),
  'tracking-lost': row('resynchronize', 409, 32775, 16, 'The record of changes is gone (QEMU was killed or the disk was changed from outside). A resynchronization compares the disk and ships what differs.'),
  'disk-format': row('operator', 422, 32773, 20, 'The file is not in the format that the definition says. Look at it with qemu-img info and correct the definition.'),
  'disk-missing': row('operator', 422, 32779, 21, 'A disk or backing file is missing. Put it back or correct the path in the definition.'),
  'disk-in-use': row('backoff', 409, 32774, 22, 'Another program has the disk open. Close it; Understudy opens the disk again by itself.'),
  'disk-changed': row('resynchronize', 409, 32775, 23, 'The disk was changed while the guest was off. A resynchronization compares it.'),
  'disk-io': row('backoff', 500, 32768, 24, 'Reading or writing a disk failed. Look at the host\'s kernel log and the storage.'),
  'space-exhausted': row('backoff', 507, 32768, 25, 'The target has no space left. Free space there; replication goes on by itself and no recovery point is lost.'),
  'fleecing-exhausted': row('backoff', 507, 32768, 26, 'The guest wrote faster than the cycle could ship, so the cycle was given up. Raise fleecingBudgetMiB or the bandwidth.'),
  'qemu-failed': row('backoff', 500, 32768, 30, 'QEMU did not start or ended. Its own message is above; its log is under the state directory.'),
  'qemu-protocol': row('backoff', 500, 32768, 31, 'QEMU answered a command with an error. Its own message is above.'),
  'bridge-missing': row('operator', 422, 32779, 49, 'Make the bridge on this host, or name one that it has: in the definition, or for a replica with enable --bridge.'),
  'guest-not-responding': row('operator', 504, 32772, 32, 'The guest did not shut down in time. Shut it down from inside, or use --force.'),
  'agent-silent': row('backoff', 504, 32772, 60, 'Is the QEMU guest agent installed and running in the guest (package qemu-guest-agent), and guestAgent = true in the definition?'),
  'freeze-failed': row('backoff', 500, 32768, 61, 'The guest agent could not hold the guest\'s file systems still. Look at its log in the guest (journalctl -u qemu-guest-agent) and at its freeze hooks; recovery points are crash-consistent meanwhile.'),
  'addresses-not-set': row('operator', 502, 32768, 53, 'The machine runs, with the addresses that its guest had. Set them in the guest by hand, or mend what is named above and try again: understudy network apply <machine>.'),
  'agent-refused': row('operator', 502, 32768, 52, 'The guest agent does not allow this command, or it failed in the guest. Look at the agent\'s configuration there (its list of blocked commands).'),
  'point-damaged': row('operator', 409, 32775, 62, 'Do not fail over to this recovery point: choose another (understudy points; verify it too), and look at this host\'s storage. Points that stand on the same layers, those made from now on too, count as damaged until they are verified themselves: when the storage is sound again, disable replication and enable it anew.'),
  'seed-unfit': row('operator', 422, 32773, 56, 'A copy to start from is the same virtual machine: same UUID, off, with the same disks of the same sizes. Correct it on the replica\'s host, or copy everything over the network.'),
  'media-missing': row('operator', 404, 32779, 57, 'Name a directory of the host that is asked: for an export one that exists, for an import the one with the export, or that which holds it.'),
  'media-unfit': row('operator', 422, 32773, 58, 'Use the export that this relationship waits for. When it is lost: disable replication, enable it again and export anew.'),
  'media-damaged': row('operator', 422, 32773, 59, 'The media are not what was exported. Copy them again from where they are whole, and import again: what was copied before is kept.'),
  'machine-exists': row('operator', 409, 32773, 33, 'There is a virtual machine with this name or UUID already: understudy vm list.'),
  'definition-invalid': row('operator', 422, 32773, 34, 'Correct the definition file and run the command again.'),
  'parameter-invalid': row('never', 422, 32773, 2, 'Correct the parameter that is named and call again.'),
  'machine-busy': row('backoff', 409, 32774, 3, 'Another operation holds this virtual machine. See what runs: understudy jobs.'),
  'machine-unknown': row('never', 404, 32779, 4, 'No virtual machine of this name or UUID is on this host: understudy vm list.'),
  'not-replicated': row('never', 404, 32775, 4, 'Replicate it first: understudy enable <machine> --to <host>.'),
  'host-unknown': row('never', 404, 32777, 4, 'No host of this name is paired: understudy host list, understudy host invite.'),
  'authorization-unknown': row('never', 404, 32773, 4, 'There is no such authorization entry: understudy authorization list.'),
  'point-unknown': row('never', 404, 32773, 4, 'There is no such recovery point: understudy points <machine>.'),
  'adapter-unknown': row('never', 404, 32773, 4, 'There is no such network adapter: understudy network show <machine>.'),
  'job-unknown': row('never', 404, 32773, 4, 'There is no such job: understudy jobs.'),
  'notification-target-unknown': row('never', 404, 32773, 4, 'There is no such target of notifications: understudy notify list.'),
  'webhook-unreachable': row('backoff', 502, 32768, 63, 'Check the URL and that this host reaches it (name, firewall); no proxy is used. What waits is sent again by itself; try it now with understudy notify test.'),
  'webhook-certificate': row('backoff', 502, 32768, 64, 'This host does not trust the certificate there. Have the other side present one of an authority that this host knows, or name its authority: understudy notify set --authority FILE.'),
  'webhook-refused': row('backoff', 502, 32768, 65, 'The other side answered and did not take the message: look at the URL, its headers and its secret (understudy notify set), and at the log there. What waits is sent again by itself.'),
  'mail-program-missing': row('backoff', 500, 32768, 66, 'Mail is given to this host\'s own transport. Install one (postfix, exim4, msmtp-mta, nullmailer), or name its program in the configuration: sendmail = "/usr/sbin/sendmail".'),
  'mail-refused': row('backoff', 502, 32768, 67, 'The mail transport did not take the message. Its own words are above; look at its log and at the address. What waits is sent again by itself.'),
  'user-unknown': row('never', 404, 32773, 4, 'There is no such user: understudy user list.'),
  'invitation-invalid': row('operator', 403, 32769, 35, 'The invitation expired or was used already. Make a new one on the other host: understudy host invite.'),
  'settings-invalid': row('operator', 422, 32773, 36, 'Correct the value and try again.'),
  'readiness-failed': row('operator', 422, 32773, 37, 'What is named above has to be mended first; each finding names its cure.'),
  'state-corrupt': row('operator', 500, 32768, 40, 'The state file is damaged. It was left untouched. Restore it from a backup, or move it away: recovery points are rebuilt from their sidecars.'),
  'state-newer': row('operator', 500, 32768, 60, 'Install that version, or a later one, again. To go back to this version: understudy restore-state, with a backup that it made.'),
  'backup-unfit': row('operator', 422, 32773, 61, 'Take another backup file. Nothing was changed.'),
  'daemon-unreachable': row('operator', 503, 32777, 41, 'Is understudyd running on this host? Start it, or give --run-dir when it runs elsewhere.'),
  'daemon-running': row('operator', 409, 32774, 42, 'Another understudyd uses this state directory. Stop it first.'),
  'port-in-use': row('operator', 409, 32774, 43, 'Another program listens on this port. Use --port-offset, or stop the other program.'),
  'sign-in-failed': row('operator', 401, 32769, 5, 'Name or password is wrong, or the session has ended. Sign in again.'),
  'sign-in-locked': row('operator', 429, 32769, 5, 'Too many sign-ins failed. Wait the time that is named above, then try again.'),
  'role-missing': row('operator', 403, 32769, 5, 'Your role does not allow this. Ask an administrator.'),
  'not-supported': row('never', 501, 32770, 44, 'This version cannot do that yet.'),
  cancelled: row('never', 409, 32768, 45, 'The operation was cancelled. Nothing is lost.'),
  'split-brain': row('operator', 409, 32775, 47, 'Nobody overwrites anybody until you choose: look at both guests, then run understudy become-replica on the host whose changes may be set aside (they are kept as a recovery point).'),
  'replica-unknown': row('operator', 409, 32779, 48, 'The replica was removed there. Remove the relationship here too (understudy disable) and enable it again.'),
  'sending-ended': row('operator', 409, 32775, 60, 'The disks and recovery points here are kept. Remove the relationship here too (understudy disable); then the machine can be replicated here again.'),
  'integrity': row('backoff', 500, 32768, 46, 'What arrived is not what was sent, so it was not kept. It is sent again; if this repeats, check memory and storage of both hosts.'),
} as const satisfies Record<string, FaultRow>;

export type FaultCode = keyof typeof FAULTS;

/** Thrown when the world failed. `message` says what happened and to which machine; the hint comes from the table. */
export class Fault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
  }

  get row(): FaultRow {
    return FAULTS[this.code];
  }

  get hint(): string {
    return this.row.hint;
  }
}

/** The other host cannot be asked now, for whatever reason on the way to it. */
export const isOutOfReach = (code: string | undefined): boolean => code === 'peer-unreachable' || code === 'peer-proxy';

/** The fault inside anything thrown, or undefined when it is none (a bug). */
export const faultOf = (thrown: unknown): Fault | undefined => (thrown instanceof Fault ? thrown : undefined);

/** Hardware virtualization is used only where it works: the CPU has it and the kernel lets us use it. */
import { closeSync, openSync, readFileSync } from 'node:fs';

export const accelerationOf = (): 'kvm' | 'tcg' => (hasCpuFlag() && canOpen('/dev/kvm') ? 'kvm' : 'tcg');

const hasCpuFlag = (): boolean => /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}

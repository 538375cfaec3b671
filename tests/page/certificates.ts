/** Certificates as an administrator makes them with openssl. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of one name, signed by an authority that is made for it; all in PEM. */
export function certificateFor(name: string, directory: string): { readonly certificate: string; readonly key: string; readonly authority: string } {
  const at = (file: string): string => join(directory, `${name}-${file}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=ca', '-days', '9');
  openssl('req', '-new', ...newKey, '-keyout', at('key.pem'), '-out', at('request'), '-subj', `/CN=${name}`);
  writeFileSync(at('extensions'), `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  openssl('x509', '-req', '-in', at('request'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('extensions'), '-days', '9', '-out', at('certificate.pem'));
  const read = (file: string): string => readFileSync(at(file), 'utf8');
  return { certificate: read('certificate.pem'), key: read('key.pem'), authority: read('ca.pem') };
}

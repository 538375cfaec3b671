/** Certificates for the peers, made by openssl: a CA, a server for 127.0.0.1 and a client, named as QEMU and libnbd expect. */
import type { Scene } from './scene.ts';

const SCRIPT = `
mkdir -p tls && cd tls
key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $key -days 2 -subj '/CN=bench CA' -keyout ca-key.pem -out ca-cert.pem -addext 'keyUsage=critical,keyCertSign' 2>/dev/null
for who in server client; do
  openssl req $key -subj "/CN=$who" -keyout $who-key.pem -out $who.csr 2>/dev/null
  printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\nextendedKeyUsage=%sAuth\\n' $who > $who.ext
  openssl x509 -req -in $who.csr -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile $who.ext -out $who-cert.pem 2>/dev/null
  cat $who-key.pem $who-cert.pem > $who-both.pem
done
`;

/** The directory that holds ca-cert.pem, server-cert.pem, server-key.pem, client-cert.pem, client-key.pem. */
export async function makeCertificates(scene: Scene): Promise<string> {
  await scene.run(SCRIPT);
  return scene.at('tls');
}

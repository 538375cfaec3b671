/** What the command line does on a terminal and nowhere else: colours, and a screen that fits whatever size it has. */
import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { after, before, describe, test } from 'node:test';
import { widthOf } from '../../src/cli/columns.ts';
import { openRig, type Rig } from './apiclient.ts';
import { run, startOnTerminal, startOnTerminalOf, type Terminal } from './cliprogram.ts';

const LONG = 'a very long name of a machine '.repeat(10).trim();
const CHINESE = '虛擬機器'.repeat(20);
/** Colours and the like; moving the cursor is something else. */
const COLOUR = /\u001b\[[0-9;]*m/;

describe('on a terminal', { timeout: 60_000 }, () => {
  let rig: Rig;
  const env = () => ({ UNDERSTUDY_RUN_DIR: rig.directory });
  before(async () => {
    rig = await openRig(200);
    for (const name of ['web', LONG, CHINESE]) {
      rig.host.addMachine(name);
      rig.host.addRelationship(name, 3, { health: 'warning', healthReasons: [`${name} is late`] });
    }
  });
  const opened: Terminal[] = [];
  after(async () => {
    for (const { child, ended } of opened) {
      child.kill();
      await ended;
    }
    await rig.close();
  });

  const onTerminal = async (...[args, more = {}]: [args: readonly string[], more?: Record<string, string>]): Promise<string> => {
    const running = startOnTerminal(args, { ...env(), ...more });
    running.child.stdin.end();
    return (await running.ended).stdout;
  };

  test('texts and failures have colours', async () => {
    assert.match(await onTerminal(['status']), COLOUR);
    assert.match(await onTerminal(['vm', 'start', 'nobody']), /\u001b\[31munderstudy:/);
  });

  for (const [why, more] of [['NO_COLOR', { NO_COLOR: '1' }], ['a terminal that has none', { TERM: 'dumb' }], ['FORCE_COLOR=0', { FORCE_COLOR: '0' }]] as const) {
    test(`there are none with ${why}`, async () => {
      const shown = await onTerminal(['status'], more);
      assert.match(shown, /web/);
      assert.doesNotMatch(shown, COLOUR);
      assert.doesNotMatch(await onTerminal(['vm', 'start', 'nobody'], more), COLOUR);
    });
  }

  test('--json has none', async () => assert.doesNotMatch(await onTerminal(['status', '--json']), COLOUR));

  test('a pipe gets none, unless FORCE_COLOR asks for them', async () => {
    for (const args of [['status'], ['vm', 'start', 'nobody'], ['help']]) {
      const { stdout, stderr } = await run(args, { env: env() });
      assert.doesNotMatch(stdout + stderr, COLOUR);
    }
    assert.match((await run(['status'], { env: { ...env(), FORCE_COLOR: '1' } })).stdout, COLOUR);
  });

  /** Lines of the last whole picture that was drawn. */
  const lastPicture = (shown: string): string[] => {
    const pictures = shown.split('\u001b[H').slice(1).filter((picture) => picture.includes('\u001b[J'));
    return stripVTControlCharacters(pictures.at(-1)!.split('\u001b[J')[0]!).split('\r\n');
  };

  async function pictureOf(terminal: Terminal, drawn: () => string, fits: (lines: readonly string[]) => boolean): Promise<string[]> {
    while (drawn().lastIndexOf('\u001b[J') < 0 || !fits(lastPicture(drawn()))) await new Promise((resolve) => terminal.child.stdout.once('data', resolve));
    return lastPicture(drawn());
  }

  for (const [locale, foot] of [['C.UTF-8', /^Lines 1 to/], ['zh_TW.UTF-8', /^第 1 到/]] as const) {
    test(`a watched table fits a small terminal, follows its size, and leaves it as it was (${locale})`, async () => {
      const terminal = await startOnTerminalOf(40, 12, ['status', '--watch'], { ...env(), LC_ALL: locale });
      opened.push(terminal);
      let drawn = '';
      terminal.child.stdout.setEncoding('utf8').on('data', (chunk: string) => (drawn += chunk));
      const fitsIn = (columns: number, rows: number) => (lines: readonly string[]) => lines.length <= rows && lines.every((line) => widthOf(line) <= columns);
      const small = await pictureOf(terminal, () => drawn, () => true);
      assert.ok(fitsIn(40, 12)(small), JSON.stringify(small));
      assert.match(small.at(-1)!, foot);
      terminal.resize(160, 50);
      const large = await pictureOf(terminal, () => drawn, (lines) => lines.some((line) => widthOf(line) > 100));
      assert.ok(fitsIn(160, 50)(large), JSON.stringify(large));
      terminal.resize(25, 6);
      const tiny = await pictureOf(terminal, () => drawn, (lines) => lines.length <= 6);
      assert.ok(fitsIn(25, 6)(tiny), JSON.stringify(tiny));
      terminal.child.stdin.write('q');
      const { code, stdout } = await terminal.ended;
      assert.equal(code, 0);
      assert.ok(stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l'), JSON.stringify(stdout.slice(-60)));
    });
  }
});

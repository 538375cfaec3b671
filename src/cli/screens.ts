/** understudy vm screenshot, vm console-text, test-screenshot, test-result: what a guest shows, or showed in the last test failover. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { Failure } from '../client/failure.ts';
import type { PicturePath, View } from '../client/operation.ts';
import { t } from './language.ts';
import { act, type Run } from './run.ts';
import { instant, orDash, printable, size } from './words.ts';

interface PictureOptions {
  readonly output: string;
  readonly force?: boolean;
}

const STANDARD_OUTPUT = '-';
/** It may show what only an operator may see. */
const PRIVATE = 0o600;

/** Before the daemon is asked for anything. */
function checkOutput(run: Run, { output }: PictureOptions): void {
  if (output !== STANDARD_OUTPUT) return;
  if (run.out.isJson) throw new Failure('usage', t('a picture on standard output has no JSON'), t('Give a file: --output FILE.'));
  if (process.stdout.isTTY) throw new Failure('usage', t('a picture is not written to a terminal'), t('Give a file, --output FILE, or send standard output to one.'));
}

function writeNew(file: string, png: Uint8Array, isForced: boolean): void {
  try {
    const opened = openSync(file, isForced ? 'w' : 'wx', PRIVATE);
    try {
      for (let at = 0; at < png.byteLength; ) at += writeSync(opened, png, at);
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Failure('usage', t('{file} is there already', { file }), t('Give another file, or write over it: --force.'));
    throw new Failure('usage', t('{file} cannot be written: {reason}', { file, reason: message }), t('Give a file in a directory that is there and may be written.'));
  }
}

async function savePicture(run: Run, path: PicturePath, machine: string, options: PictureOptions): Promise<void> {
  checkOutput(run, options);
  const png = await run.api.picture(path, machine);
  if (options.output === STANDARD_OUTPUT) {
    await new Promise<void>((resolve, reject) => process.stdout.write(png, (error) => (error ? reject(error) : resolve())));
    return;
  }
  writeNew(options.output, png, options.force === true);
  run.out.result({ file: options.output, sizeBytes: png.byteLength }, () => printable(t('{machine}: its picture is in {file} (PNG, {size})', { machine, file: options.output, size: size(png.byteLength) })));
}

const screenshot = (run: Run, machine: string, options: PictureOptions) => savePicture(run, '/api/machines/{machine}/screenshot', machine, options);
const testScreenshot = (run: Run, machine: string, options: PictureOptions) => savePicture(run, '/api/relationships/{machine}/test-screenshot', machine, options);

const lines = (text: string): string => text.split('\n').map(printable).join('\n');

async function consoleText(run: Run, machine: string): Promise<void> {
  const shown = await run.api.get('/api/machines/{machine}/console-text', { path: { machine } });
  if (shown.text === '') run.out.note(printable(t('The guest of {machine} has written nothing on its serial console.', { machine })));
  run.out.result(shown, () => lines(shown.text));
}

function takenText({ atMs, moment, pointId }: View<'TestResult'>): string {
  const values = { moment: orDash(atMs, instant), point: pointId ?? '-' };
  return moment === 'ended' ? t('Taken {moment}, right before the test ended, of the recovery point {point}.', values) : t('Taken {moment}, after the copy had booted, of the recovery point {point}.', values);
}

async function testResult(run: Run, machine: string): Promise<void> {
  const result = await run.api.get('/api/relationships/{machine}/test-result', { path: { machine } });
  run.out.result(result, () => {
    if (result.atMs === null) return printable(t('No test failover of {machine} has left anything on this host. Make one: understudy test {machine}.', { machine }));
    const picture = result.hasPicture ? printable(t('Its display: understudy test-screenshot {machine} --output FILE.', { machine })) : t('There is no picture of its display.');
    return [`${printable(takenText(result))} ${picture}`, ...(result.text === '' ? [] : [t('Its serial console:'), lines(result.text)])].join('\n');
  });
}

const OUTPUT = ['--output <file>', 'where the picture goes, as PNG; "-" is standard output'] as const;
const FORCE = ['--force', 'write over a file that is there'] as const;

export function screenCommands(vm: Command): void {
  vm.command('screenshot').argument('<machine>').description('take a picture of the display of a running guest').requiredOption(...OUTPUT).option(...FORCE).action(act(screenshot));
  vm.command('console-text').argument('<machine>').description('the last lines of its serial console').action(act(consoleText));
}

export function testScreenCommands(program: Command): void {
  program.command('test-result').argument('<machine>').description('what the last test failover showed').action(act(testResult));
  program.command('test-screenshot').argument('<machine>').description('the picture of the last test failover').requiredOption(...OUTPUT).option(...FORCE).action(act(testScreenshot));
}

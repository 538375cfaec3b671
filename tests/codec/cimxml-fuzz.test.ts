/** Hostile CIM-XML: whatever comes, an answer with a right code comes back soon, and nothing of the program's inside with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MESSAGE_ERRORS } from '../../src/cimxml/messageerror.ts';
import { captured, className, jobName, methodCall, operation, responseIn, serverInMemory, value, type Answer, type Request } from './cimxml.ts';

const SOON_MS = 2_000;
const server = serverInMemory();

function checkAnswer({ status, headers, text }: Answer): void {
  assert.doesNotMatch(text, /\n\s+at |node:internal|\.ts:\d/);
  if (status === 200) {
    const [first] = responseIn({ status, headers, text });
    if (first?.local === 'ERROR') assert.match(first.attributes.find(({ local }) => local === 'CODE')?.value ?? '', /^([1-9]|1[0-7]|2[0-8])$/);
    return;
  }
  const cimError = headers['cimerror'];
  if (status === 405 || status === 406) return;
  assert.equal(status, MESSAGE_ERRORS[cimError as keyof typeof MESSAGE_ERRORS], cimError);
}

async function answeredSoon(request: Request): Promise<void> {
  const before = performance.now();
  checkAnswer(await server.ask(request));
  assert.ok(performance.now() - before < SOON_MS);
}

const SEEDS: readonly Request[] = [
  captured('cap-wbemcli-getinstance.http'),
  captured('cap-pywbem-invoke-embeddedobject.http'),
  operation('Associators', { ObjectName: jobName, AssocClass: className('CIM_Dependency'), Role: value('Antecedent') }),
  operation('OpenEnumerateInstances', { ClassName: className('Msvm_ComputerSystem'), MaxObjectCount: value('1'), PropertyList: '<VALUE.ARRAY><VALUE>Name</VALUE></VALUE.ARRAY>' }),
  operation('ModifyInstance', { ModifiedInstance: `<VALUE.NAMEDINSTANCE>${jobName}<INSTANCE CLASSNAME="Msvm_ConcreteJob"><PROPERTY.ARRAY NAME="OperationalStatus" TYPE="uint16"><VALUE.ARRAY><VALUE>1</VALUE></VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE></VALUE.NAMEDINSTANCE>` }),
  methodCall('StartReplication', '<PARAMVALUE NAME="ComputerSystem"><VALUE.REFERENCE><INSTANCENAME CLASSNAME="Msvm_ComputerSystem"/></VALUE.REFERENCE></PARAMVALUE>'),
];
const seed = fc.constantFrom(...SEEDS);

test('Messages with bytes changed, cut out and doubled are answered', { timeout: 120_000 }, async () => {
  const place = fc.nat();
  await fc.assert(
    fc.asyncProperty(seed, fc.array(fc.tuple(fc.constantFrom('change', 'cut', 'double'), place, fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 4 }), async (request, changes) => {
      let body = Buffer.from(request.body);
      for (const [how, where, length] of changes) {
        const at = where % (body.length + 1);
        const piece = body.subarray(at, at + length);
        if (how === 'change') body = Buffer.concat([body.subarray(0, at), Buffer.from([length]), body.subarray(at + 1)]);
        else body = Buffer.concat([body.subarray(0, at), how === 'double' ? Buffer.concat([piece, piece]) : Buffer.alloc(0), body.subarray(at + length)]);
      }
      await answeredSoon({ ...request, body });
    }),
    { numRuns: 600 },
  );
});

test('Messages whose elements and attributes are swapped for others are answered', { timeout: 120_000 }, async () => {
  const words = fc.constantFrom('VALUE', 'VALUE.ARRAY', 'VALUE.REFERENCE', 'INSTANCENAME', 'CLASSNAME', 'KEYBINDING', 'KEYVALUE', 'IPARAMVALUE', 'PARAMVALUE', 'INSTANCE', 'LOCALINSTANCEPATH', 'LOCALNAMESPACEPATH', 'NAME', 'VALUETYPE', '__proto__', 'constructor');
  await fc.assert(
    fc.asyncProperty(seed, fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 3 }), async (request, swaps) => {
      const text = swaps.reduce((at, [from, to]) => at.replaceAll(new RegExp(`(?<![\\w.])${from}(?![\\w.])`, 'g'), to), new TextDecoder().decode(request.body));
      await answeredSoon({ ...request, body: new TextEncoder().encode(text) });
    }),
    { numRuns: 300 },
  );
});

test('Parameters of any name and text are answered', { timeout: 120_000 }, async () => {
  const escaped = (text: string): string => text.replace(/[^ -~]|[<>&"]/g, (character) => `&#x${(character.codePointAt(0) ?? 63) < 32 ? '3f' : character.codePointAt(0)!.toString(16)};`);
  const names = fc.constantFrom('ClassName', 'InstanceName', 'ObjectName', 'PropertyList', 'MaxObjectCount', 'EnumerationContext', 'Query', 'QueryLanguage', 'DeepInheritance', 'PropertyName', 'OperationTimeout');
  const operations = fc.constantFrom('GetInstance', 'EnumerateInstances', 'Associators', 'GetClass', 'ExecQuery', 'OpenEnumerateInstances', 'PullInstances', 'GetProperty', 'CreateInstance');
  const content = fc.oneof(fc.string().map((text) => value(escaped(text))), fc.string().map((text) => className(escaped(text))), fc.bigInt().map((number) => value(String(number))), fc.constant(jobName), fc.constant(''));
  await fc.assert(fc.asyncProperty(operations, fc.dictionary(names, content), (name, parameters) => answeredSoon(operation(name, parameters))), { numRuns: 400 });
});

test('Headers of any text are answered', { timeout: 120_000 }, async () => {
  const header = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('MethodCall', 'root/virtualization/v2', '%', '%ff', 'a:b.c="', '1.0'));
  const names = fc.constantFrom('cimoperation', 'cimmethod', 'cimobject', 'content-type', 'man', 'cimprotocolversion', 'cimbatch');
  await fc.assert(fc.asyncProperty(seed, fc.dictionary(names, header), (request, headers) => answeredSoon({ ...request, headers: { ...request.headers, ...headers } })), { numRuns: 400 });
});

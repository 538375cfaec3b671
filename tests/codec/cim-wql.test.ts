import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { timestamp } from '../../src/cim/datetime.ts';
import { CimError, type CimStatusName } from '../../src/cim/error.ts';
import { compileEventQuery } from '../../src/cim/events.ts';
import type { CimInstance, CimValue } from '../../src/cim/instance.ts';
import { pathOf } from '../../src/cim/instances.ts';
import type { InstanceChange, Located } from '../../src/cim/manager.ts';
import { instancePath } from '../../src/cim/path.ts';
import { SCHEMA, VIRTUALIZATION } from '../../src/cim/schema/published.ts';
import { likePattern } from '../../src/cim/wql/like.ts';
import { compileSelect } from '../../src/cim/wql/select.ts';
import { parseQuery } from '../../src/cim/wql/wql.ts';

const SCOPE = { schema: SCHEMA, namespace: VIRTUALIZATION, host: 'HOST' };

function locatedOf(className: string, properties: Record<string, CimValue>): Located {
  const instance: CimInstance = { kind: 'instance', className, properties: new Map(Object.entries(properties)) };
  return { instance, path: pathOf(SCHEMA, VIRTUALIZATION, instance) };
}
const system = (name: string, properties: Record<string, CimValue> = {}): Located =>
  locatedOf('Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: name, ...properties });

const MACHINES = [
  system('HOST', { Caption: 'Hosting Computer System', EnabledState: 2 }),
  system('AAAA', { Caption: 'Virtual Machine', ElementName: 'web "1"', EnabledState: 2, OperationalStatus: [2], OnTimeInMilliseconds: 9_007_199_254_740_993n, InstallDate: timestamp(Date.UTC(2024, 0, 2, 3, 4, 5)) }),
  system('BBBB', { Caption: 'Virtual Machine', ElementName: "db'2\\", EnabledState: 3, OperationalStatus: [2, 5], InstallDate: timestamp(Date.UTC(2025, 0, 1)) }),
];

function select(text: string, among: readonly Located[] = MACHINES): unknown[] {
  const query = parseQuery(text);
  assert.equal(query.kind, 'select');
  if (query.kind !== 'select') return [];
  const selection = compileSelect(SCOPE, query);
  return among.filter((located) => selection.fits(located)).map(({ instance }) => instance.properties.get('Name'));
}
const where = (condition: string): unknown[] => select(`select * from Msvm_ComputerSystem where ${condition}`);

function refused(text: string, status: CimStatusName, message: RegExp): void {
  assert.throws(() => select(text), (error: unknown) => {
    assert.ok(error instanceof CimError, String(error));
    assert.equal(error.status, status, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('Each operator selects what it says', () => {
  const cases: Record<string, string[]> = {
    "Name = 'aaaa'": ['AAAA'],
    '"AAAA" = Name': ['AAAA'],
    "Name != 'AAAA' and Caption <> 'Hosting Computer System'": ['BBBB'],
    'EnabledState < 3': ['HOST', 'AAAA'],
    '3 <= EnabledState': ['BBBB'],
    "EnabledState >= '3'": ['BBBB'],
    'EnabledState > 100000': [],
    'EnabledState = 0x3': ['BBBB'],
    'OnTimeInMilliseconds = 9007199254740993': ['AAAA'],
    'OnTimeInMilliseconds = 9007199254740992': [],
    "OnTimeInMilliseconds = '9007199254740993'": ['AAAA'],
    "Name LIKE '%A'": ['AAAA'],
    "Name NOT LIKE '[A-G]%'": ['HOST'],
    "Caption LIKE 'Virtual%' AND NOT Name = 'BBBB'": ['AAAA'],
    "(Name = 'AAAA' OR Name = 'BBBB') AND EnabledState = 3": ['BBBB'],
    "Name = 'AAAA' OR Name = 'BBBB' AND EnabledState = 2": ['AAAA'],
    'NOT (EnabledState = 2 OR EnabledState = 3)': [],
    'ElementName IS NULL': ['HOST'],
    'elementname is not null': ['AAAA', 'BBBB'],
    'ElementName = NULL': ['HOST'],
    "ElementName <> 'x'": ['HOST', 'AAAA', 'BBBB'],
    'OperationalStatus = 5': ['BBBB'],
    "ElementName = 'web \\\"1\\\"'": ['AAAA'],
    'ElementName = "db\'2\\\\"': ['BBBB'],
    "InstallDate > '20240601000000.000000+000'": ['BBBB'],
    "InstallDate = '20240102040405.000000+060'": ['AAAA'],
    "InstallDate <= '2024-01-02T03:04:05Z'": ['AAAA'],
    "InstallDate > 'soon'": [],
    'Name != __SERVER': ['AAAA', 'BBBB'],
    "__CLASS = 'msvm_computersystem' and __SUPERCLASS = 'CIM_ComputerSystem'": ['HOST', 'AAAA', 'BBBB'],
    "__PATH = '\\\\\\\\HOST\\\\root\\\\virtualization\\\\v2:Msvm_ComputerSystem.CreationClassName=\\\"Msvm_ComputerSystem\\\",Name=\\\"AAAA\\\"'": ['AAAA'],
    "__RELPATH LIKE '%BBBB%'": ['BBBB'],
    "__DERIVATION = 'CIM_System'": ['HOST', 'AAAA', 'BBBB'],
    '__this ISA "CIM_System"': ['HOST', 'AAAA', 'BBBB'],
    '__this ISA CIM_Job': [],
    "Msvm_ComputerSystem.Name = 'AAAA'": ['AAAA'],
  };
  for (const [condition, expected] of Object.entries(cases)) assert.deepEqual(where(condition), expected, condition);
});

test('A backslash that nobody doubled is itself', () => {
  const relationships = ['A', 'B'].map((name) => locatedOf('Msvm_ReplicationRelationship', { InstanceID: `Microsoft:${name}\\HVR\\0`, Name: name }));
  for (const text of ['Microsoft:A\\HVR\\0', 'Microsoft:A\\\\HVR\\\\0']) assert.deepEqual(select(`SELECT * FROM Msvm_ReplicationRelationship WHERE InstanceID = "${text}"`, relationships), ['A']);
});

test('A reference is compared as the object that it names', () => {
  const link = locatedOf('Msvm_SystemReplicationRelationship', { Antecedent: instancePath(VIRTUALIZATION, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: 'A' }), Name: 'link' });
  const path = (host: string) => `'${host}Msvm_ComputerSystem.Name="a",CreationClassName="Msvm_ComputerSystem"'`;
  assert.deepEqual(select(`select * from Msvm_SystemReplicationRelationship where Antecedent = ${path('\\\\\\\\X\\\\root\\\\virtualization\\\\v2:')}`, [link]), ['link']);
  assert.deepEqual(select(`select * from Msvm_SystemReplicationRelationship where Antecedent <> ${path('')}`, [link]), []);
});

test('A projection is as the schema spells it, without system properties', () => {
  const query = parseQuery('select name, ENABLEDSTATE, __PATH, Name from Msvm_ComputerSystem;');
  assert.ok(query.kind === 'select');
  assert.deepEqual(compileSelect(SCOPE, query).projection, ['Name', 'EnabledState']);
});

test('ASSOCIATORS OF and REFERENCES OF are read with their filters in any order', () => {
  assert.deepEqual(parseQuery(`ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name='}A'} WHERE ResultClass = R AssocClass=A role = "x" ResultRole=y`), {
    kind: 'associators',
    path: instancePath(null, 'Msvm_ComputerSystem', { CreationClassName: 'Msvm_ComputerSystem', Name: '}A' }),
    associationClass: 'A',
    resultClass: 'R',
    role: 'x',
    resultRole: 'y',
  });
  const references = parseQuery('references of { \\\\H\\root\\virtualization\\v2:A.K=1 } where ResultClass=B');
  assert.ok(references.kind === 'references');
  assert.deepEqual([references.path, references.resultClass, references.role], [instancePath(VIRTUALIZATION, 'A', { K: 1 }), 'B', undefined]);
});

test('What is wrong is said with its place', () => {
  refused('select * from Msvm_ComputerSystem where Nothing = 1', 'invalidQuery', /Nothing is no property of Msvm_ComputerSystem at character 41/);
  refused('select Nothing from Msvm_ComputerSystem', 'invalidQuery', /Nothing is no property .* character 8/);
  refused('select * from Msvm_ComputerSystem where constructor = 1', 'invalidQuery', /constructor is no property/);
  refused('select * from Msvm_Nothing', 'invalidClass', /Msvm_Nothing/);
  refused("select * from Msvm_ComputerSystem where Name = 'A", 'invalidQuery', /string is not closed at character 48/);
  refused('select * from Msvm_ComputerSystem where Name', 'invalidQuery', /operator is expected at character 45/);
  refused('select * from Msvm_ComputerSystem where Name = 1 2', 'invalidQuery', /Nothing more/);
  refused('select * from Msvm_ComputerSystem where (Name = 1', 'invalidQuery', /\) is expected/);
  refused('select from Msvm_ComputerSystem', 'invalidQuery', /FROM is expected/);
  refused('delete from x', 'invalidQuery', /SELECT, ASSOCIATORS OF or REFERENCES OF/);
  refused('ASSOCIATORS OF {Msvm_ComputerSystem.Name="A"} WHERE ClassDefsOnly', 'invalidQuery', /not understood/);
  refused('REFERENCES OF {Msvm_ComputerSystem.Name="A"} WHERE AssocClass = B', 'invalidQuery', /not understood/);
  refused('ASSOCIATORS OF {Msvm_ComputerSystem.Name="A"', 'invalidQuery', /path is not closed/);
  refused('ASSOCIATORS OF {=}', 'invalidParameter', /no object path/);
  refused('', 'invalidQuery', /SELECT/);
});

test('Hostile queries are refused or answered in bounded time', { timeout: 5_000 }, () => {
  refused(`select * from Msvm_ComputerSystem where ${'('.repeat(10_000)}`, 'invalidQuery', /nested deeper/);
  refused(`select * from Msvm_ComputerSystem where ${'not '.repeat(4_000)}`, 'invalidQuery', /nested deeper/);
  refused(`select * from Msvm_ComputerSystem where Name = '${'x'.repeat(20_000)}'`, 'invalidQuery', /longer than/);
  assert.deepEqual(where(`Name = 'x'${" or Name = 'AAAA'".repeat(900)}`), ['AAAA']);
  assert.equal(likePattern(`${'%a'.repeat(5_000)}b`)('a'.repeat(10_000)), false);
});

test('LIKE agrees with the pattern written as a regular expression', () => {
  const part = fc.constantFrom('%', '_', 'a', 'b', 'C', '[a-b]', '[^a]', '[%]', '.');
  const expression = (parts: readonly string[]) => new RegExp(`^${parts.map((each) => ({ '%': '.*', _: '.', '.': '\\.', '[%]': '%' })[each] ?? each).join('')}$`, 'is');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.string({ unit: fc.constantFrom('a', 'B', 'c', '%', '.'), maxLength: 8 }), (parts, text) => {
      assert.equal(likePattern(parts.join(''))(text), expression(parts).test(text), `${parts.join('')} ${text}`);
    }),
    { numRuns: 2_000 },
  );
});

test('Whatever the query is, it is read or refused with a CimError', () => {
  const word = fc.constantFrom('select', '*', 'from', 'Msvm_ComputerSystem', 'where', 'Name', '=', '<>', 'like', "'a%'", '"', "'", 'and', 'or', 'not', '(', ')', 'is', 'null', 'isa', '12', '-0x1', '{', '}', 'ASSOCIATORS', 'OF', '{A.b="c"}', ',', ';', 'a.b', '__CLASS', '\\');
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: word }, fc.string({ maxLength: 3 })), { maxLength: 15 }), (words) => {
      try {
        const query = parseQuery(words.join(' '));
        if (query.kind === 'select') compileSelect(SCOPE, query).fits(MACHINES[1]!);
      } catch (error) {
        assert.ok(error instanceof CimError, String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});

const changeOf = (kind: InstanceChange['kind'], before: number, after: number): InstanceChange => ({
  kind,
  target: system('AAAA', { EnabledState: after }),
  previous: system('AAAA', { EnabledState: before }).instance,
  atMs: Date.UTC(2024, 0, 1),
});

test('A change is the event that was asked for', () => {
  const classOf = (text: string, change: InstanceChange) => compileEventQuery(SCOPE, 'WQL', text).eventOf(change)?.className;
  const change = changeOf('modification', 2, 3);
  assert.equal(classOf("SELECT * FROM CIM_InstModification WHERE SourceInstance ISA 'CIM_ComputerSystem'", change), 'CIM_InstModification');
  assert.equal(classOf('SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_Job', change), undefined);
  assert.equal(classOf('select * from __InstanceModificationEvent within 5 where TargetInstance isa "Msvm_ComputerSystem" and TargetInstance.EnabledState = 3', change), '__InstanceModificationEvent');
  assert.equal(classOf('select * from __InstanceOperationEvent where TargetInstance.EnabledState = 3', changeOf('deletion', 2, 3)), '__InstanceDeletionEvent');
  assert.equal(classOf('select * from CIM_InstIndication where SourceInstance.CIM_ComputerSystem::Name = "aaaa"', changeOf('creation', 2, 3)), 'CIM_InstCreation');
  assert.equal(classOf('select * from CIM_InstModification where SourceInstance.EnabledState <> PreviousInstance.EnabledState', changeOf('modification', 3, 3)), undefined);
  assert.equal(classOf('select * from CIM_InstModification where SourceInstance.EnabledState <> PreviousInstance.EnabledState', change), 'CIM_InstModification');
  assert.equal(classOf('select * from CIM_InstCreation', change), undefined);
  assert.equal(compileEventQuery(SCOPE, 'WQL', 'select * from __InstanceModificationEvent').eventOf(change)?.properties.get('TIME_CREATED'), 133_485_408_000_000_000n);
});

test('What is no event cannot be subscribed to', () => {
  for (const text of ['select * from Msvm_ComputerSystem', 'ASSOCIATORS OF {Msvm_ComputerSystem.Name="A"}']) {
    assert.throws(() => compileEventQuery(SCOPE, 'WQL', text), (error: unknown) => error instanceof CimError && error.status === 'invalidQuery');
  }
  assert.throws(() => compileEventQuery(SCOPE, 'XPath', 'x'), (error: unknown) => error instanceof CimError && error.status === 'queryLanguageNotSupported');
});

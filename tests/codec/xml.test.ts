import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseXml } from '../../src/xml/parse.ts';
import { attributeOf, childNamed, childrenNamed, elements, textOf, trimmedTextOf } from '../../src/xml/read.ts';
import { document, element, text } from '../../src/xml/write.ts';
import { XmlError } from '../../src/xml/xml.ts';

const refused = (name: string, source: string, message: RegExp) =>
  test(name, { timeout: 2_000 }, () => {
    assert.throws(() => parseXml(source), (error: unknown) => error instanceof XmlError && message.test(error.message));
  });

test('Prefixes are resolved, and declarations are no attributes', () => {
  const root = parseXml('<s:Envelope xmlns:s="urn:soap" xmlns="urn:default"><s:Body Id="7" s:Id="8"/><Other/></s:Envelope>');
  assert.deepEqual([root.uri, root.local, root.prefix, root.attributes], ['urn:soap', 'Envelope', 's', []]);
  const body = childNamed(root, 'Body', 'urn:soap');
  assert.ok(body);
  assert.equal(attributeOf(body, 'Id'), '7');
  assert.equal(attributeOf(body, 'Id', 'urn:soap'), '8');
  assert.equal(attributeOf(body, 'Missing'), undefined);
  assert.equal(childNamed(root, 'Other')?.uri, 'urn:default');
  assert.equal(childNamed(root, 'Other', 'urn:soap'), undefined);
});

test('Blanks between elements are dropped and blanks that are all of a text are kept', () => {
  const root = parseXml('\ufeff<?xml version="1.0" encoding="utf-16"?>\n<a>\n  <b>  </b>\r\n  <b> x\r\ny </b>\n</a>\n');
  assert.deepEqual(root.children.map((child) => typeof child), ['object', 'object']);
  assert.deepEqual(childrenNamed(root, 'b').map(textOf), ['  ', ' x\ny ']);
  assert.deepEqual(childrenNamed(root, 'b').map(trimmedTextOf), ['', 'x\ny']);
});

test('Text, CDATA and references that touch are one string, and comments are gone', () => {
  const root = parseXml('<a>1 &lt;<!-- no --><![CDATA[<2>]]>&#51;&amp;</a>');
  assert.deepEqual(root.children, ['1 <<2>3&']);
});

test('A limit can be lowered for one document', () => {
  assert.throws(() => parseXml('<a><b/><b/></a>', { elements: 2 }), XmlError);
  assert.throws(() => parseXml('<a><b/></a>', { depth: 1 }), XmlError);
  assert.throws(() => parseXml('<a>123456</a>', { characters: 12 }), XmlError);
  assert.equal(elements(parseXml('<a><b/><b/></a>', { elements: 3, depth: 2, characters: 15 })).length, 2);
});

refused('An entity bomb is refused at its document type', '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', /document type/);
refused('An unfinished document type is refused', `<!DOCTYPE a [${'<!ENTITY b "x">'.repeat(10_000)}`, /unclosed tag|document|root|doctype/i);
refused('200,000 nested elements are refused', '<a>'.repeat(200_000), /nested deeper than 64/);
refused('100,000 attributes are refused', `<a ${Array.from({ length: 100_000 }, (_, index) => `a${index}="1"`).join(' ')}/>`, /more than 64 attributes/);
refused('100,000 namespace declarations are refused', `<a ${Array.from({ length: 100_000 }, (_, index) => `xmlns:a${index}="urn:${index}"`).join(' ')}/>`, /more than 64 attributes/);
refused('Too many elements are refused', `<a>${'<b/>'.repeat(200_000)}</a>`, /more than 100000 elements/);
refused('Too long a text is refused', `<a>${'x'.repeat(5_000_000)}</a>`, /longer than/);
refused('An unknown entity is refused', '<a>&b;</a>', /undefined entity/);
refused('A name of every object is no entity', '<a>&constructor;</a>', /undefined entity/);
refused('A processing instruction is refused', '<?xml-stylesheet href="x"?><a/>', /processing instruction/);
refused('An unbound prefix is refused', '<p:a/>', /unbound namespace prefix/);
refused('An unbound prefix of an attribute is refused', '<a p:b="1"/>', /unbound namespace prefix/);
refused('A prefix that is declared twice is refused', '<a xmlns:p="urn:1" xmlns:p="urn:2"/>', /duplicate attribute/);
refused('Attributes that differ only in their prefixes are refused', '<a xmlns:p="urn:1" xmlns:q="urn:1" p:b="1" q:b="2"/>', /duplicate attribute/);
refused('A truncated document is refused', '<a><b>text', /unclosed tag/);
refused('Two roots are refused', '<a/><b/>', /one root|documents may contain only one root/i);
refused('Text after the root is refused', '<a/>text', /text data outside of root/);
refused('Tags that do not match are refused', '<a><b></a></b>', /unexpected close tag|unmatched/i);
refused('A control character is refused', '<a>\u0001</a>', /disallowed character/);
refused('A reference to a control character is refused', '<a>&#0;</a>', /malformed character entity/);
refused('A reference beyond Unicode is refused', '<a>&#x99999999;</a>', /malformed character entity/);
refused('XML 1.1 does not bring control characters in', '<?xml version="1.1"?><a>&#1;</a>', /./);
refused('An empty text is refused', '', /root|no element/);

test('Whatever the text is, it is a tree or an XmlError', () => {
  const piece = fc.constantFrom('<a>', '</a>', '<a', ' b="', '"', '/>', '<?xml version="1.0"?>', '<!--', '-->', '<![CDATA[', ']]>', '&', '&amp;', '&#', ';', 'xmlns:p="u"', 'p:', '<!DOCTYPE', '\0', '\ud800', 'x', '__proto__', '&__proto__;');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (parts) => {
      try {
        parseXml(parts.join(''));
      } catch (error) {
        assert.ok(error instanceof XmlError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('What is written is read again as it was', () => {
  const printable = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((value) => value.isWellFormed());
  fc.assert(
    fc.property(printable, printable, (content, attribute) => {
      const expected = (value: string) => value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, '?');
      const root = parseXml(document(element('p:a', { 'xmlns:p': 'urn:1', b: attribute, c: undefined }, text(content))));
      assert.equal(textOf(root), expected(content));
      assert.deepEqual(root.attributes, [{ uri: '', local: 'b', value: expected(attribute) }]);
    }),
  );
});

test('What XML cannot write becomes a question mark', () => {
  assert.equal(text('a\u0000\u001f\ufffe\ud800\t\r\n\u{1f600}<&>'), 'a????\t&#13;\n\u{1f600}&lt;&amp;&gt;');
  assert.equal(element('a', { b: '"\u0007\n' }), '<a b="&quot;?&#10;"></a>');
});

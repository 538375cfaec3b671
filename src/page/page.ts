/**
 * The web page under `/`. Files whose names hold a hash of their content are kept by browsers for good; every other
 * address that is not the API's is the document, which finds out itself what the address shows.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiInstance } from '../api/routes.ts';
import { DOCUMENT, readBuild, type Build, type Encoding, type PageFile } from './build.ts';

const FOR_GOOD = 'public, max-age=31536000, immutable';
const ASKED_AGAIN = 'no-cache';
const NOT_BUILT = 'The web page of Understudy was not built. In the checkout: npm run page. The command line works without it: understudy status.\n';
/** What is not the page's: an unknown path below these is an error of the API, in JSON. */
const NOT_THE_PAGE = /^\/(?:api|metrics|assets)(?:\/|$)/;
/** The best first. */
const ENCODINGS: readonly Encoding[] = ['br', 'gzip'];

const REFUSED = /^q=0(?:\.0*)?$/;

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0]!;

function encodingFor(request: FastifyRequest, file: PageFile): Encoding | undefined {
  const offers = String(request.headers['accept-encoding'] ?? '').split(',').map((offer) => offer.split(';').map((part) => part.trim()));
  const accepted = offers.filter(([, quality]) => !REFUSED.test(quality ?? '')).map(([name]) => name);
  return ENCODINGS.find((encoding) => file.compressed[encoding] && accepted.includes(encoding));
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile, caching: string): FastifyReply {
  void reply.headers({ etag: file.etag, 'cache-control': caching, vary: 'accept-encoding' });
  const known = String(request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(file.etag)) return reply.code(304).send();
  const encoding = encodingFor(request, file);
  if (encoding === undefined) return reply.type(file.type).send(file.content);
  return reply.type(file.type).header('content-encoding', encoding).send(file.compressed[encoding]);
}

/** One that was not built yet is looked for again at each request. */
export function pageRoutes(app: ApiInstance, directory: string): void {
  let build: Build | undefined = readBuild(directory);

  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = pathOf(request);
    build ??= readBuild(directory);
    const file = build?.get(path);
    if (file && path !== DOCUMENT) return sendFile(request, reply, file, path.startsWith('/assets/') ? FOR_GOOD : ASKED_AGAIN);
    if (NOT_THE_PAGE.test(path)) {
      reply.callNotFound();
      return reply;
    }
    if (!build) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
    return sendFile(request, reply, build.get(DOCUMENT)!, ASKED_AGAIN);
  };

  app.route({ method: ['GET', 'HEAD'], url: '/*', schema: { hide: true }, config: { access: 'anyone' }, handler: answer });
}

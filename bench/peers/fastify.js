// A server that does nothing but verify a request's signature, with what a Node developer would
// take for it: fastify and node:crypto.
'use strict';
const crypto = require('node:crypto');
const fastify = require('fastify')({ logger: false });

const secret = process.env.CLIENT_SECRET;
const answer = process.env.ANSWER;

fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) =>
  done(null, body));

fastify.post('/v1.0/debit/cancel', (request, reply) => {
  const token = request.headers.authorization.slice('Bearer '.length);
  const digest = crypto.createHash('sha256').update(request.body).digest('hex');
  const text = `POST:${request.url}:${token}:${digest}:${request.headers['x-timestamp']}`;
  const mac = crypto.createHmac('sha512', secret).update(text).digest();
  const given = Buffer.from(request.headers['x-signature'], 'base64');
  if (given.length !== mac.length || !crypto.timingSafeEqual(mac, given)) {
    return reply.code(401).send({ responseCode: '4015700' });
  }
  JSON.parse(request.body);
  return reply.type('application/json').send(answer);
});

fastify.listen({ host: '127.0.0.1', port: Number(process.env.PORT) }, error => {
  if (error) throw error;
  console.log('ready');
});

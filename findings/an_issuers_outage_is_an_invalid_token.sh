#!/usr/bin/env bash
# What:     express-oauth2-jwt-bearer 1.10.0; express-jwt 8.5.1, passport-jwt 4.0.1 and koa-jwt 4.0.4 with jwks-rsa 4.1.0; hono 4.13.19;
#           @fastify/jwt 10.2.8 with get-jwks 11.0.3 (npm) on Node.js 20: what a service that has just started answers to a good
#           token while the issuer answers 503.
# Guess:    500 or 503 in each: the token was not looked at, and the fault is not the client's.
# Seen:     express-oauth2-jwt-bearer, passport-jwt and koa-jwt answer 401, the first with `error="invalid_token"`. A client that keeps
#           to the standard throws such a token away: it signs the user out, or asks the issuer that is down for a new one, and
#           none comes back when the issuer does; and alerts on 5xx see nothing. The three others answer 500. Each accepts the token
#           as soon as the issuer is back.
# Output:   express-oauth2-jwt-bearer: 401 invalid_token, then 200
#           express-jwt: 500, then 200
#           passport-jwt: 401, then 200
#           koa-jwt: 401, then 200
#           hono: 500, then 200
#           fastify: 500, then 200
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --force jose@6.2.18 express@5.3.0 express-oauth2-jwt-bearer@1.10.0 express-jwt@8.5.1 \
  jwks-rsa@4.1.0 passport@0.7.0 passport-jwt@4.0.1 koa@3.3.0 koa-jwt@4.0.4 hono@4.13.19 @hono/node-server@2.1.9 fastify@5.12.8 \
  @fastify/jwt@10.2.8 get-jwks@11.0.3 || exit 2

cat >finding.mjs <<'JS'
import http from 'node:http';
import fastifyJwt from '@fastify/jwt';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { auth } from 'express-oauth2-jwt-bearer';
import Fastify from 'fastify';
import buildGetJwks from 'get-jwks';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import jwksRsa from 'jwks-rsa';
import Koa from 'koa';
import koaJwt from 'koa-jwt';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

console.error = () => {}; // the frameworks' logs
const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer(handler).listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
});
const { publicKey, privateKey } = await generateKeyPair('RS256');
const keys = [{ ...await exportJWK(publicKey), kid: 'a', alg: 'RS256', use: 'sig' }];
let isDown;
const issuer = await listen((request, response) => {
  if (isDown) return response.writeHead(503).end();
  const jwks_uri = `${issuer}/.well-known/jwks.json`;
  const answer = request.url.endsWith('/jwks.json') ? { keys } : { issuer, jwks_uri };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
const jwksUri = `${issuer}/.well-known/jwks.json`;
const token = await new SignJWT({ sub: 'x' }).setProtectedHeader({ alg: 'RS256', kid: 'a' }).setIssuer(issuer)
  .setAudience('api').setIssuedAt().setExpirationTime('1h').sign(privateKey);

const algorithms = ['RS256'];
const withExpress = (guard) => listen(express().use(guard).get('/', (request, response) => response.send('well')));
const services = {
  'express-oauth2-jwt-bearer': () => withExpress(auth({ issuerBaseURL: issuer, audience: 'api' })),
  'express-jwt': () => withExpress(expressjwt({ secret: jwksRsa.expressJwtSecret({ jwksUri }), algorithms })),
  'passport-jwt': () => {
    const options = { secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri }), algorithms,
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken() };
    passport.use(new Strategy(options, (payload, done) => done(null, payload)));
    return withExpress(passport.authenticate('jwt', { session: false }));
  },
  'koa-jwt': () => {
    const app = new Koa();
    app.silent = true;
    app.use(koaJwt({ secret: jwksRsa.koaJwtSecret({ jwksUri }), algorithms })).use((context) => (context.body = 'well'));
    return listen(app.callback());
  },
  'hono': () => {
    const app = new Hono().use('*', jwk({ jwks_uri: jwksUri, alg: algorithms })).get('/', (context) => context.text('well'));
    return listen(getRequestListener(app.fetch));
  },
  'fastify': async () => {
    const getJwks = buildGetJwks();
    const app = Fastify();
    app.register(fastifyJwt, { decode: { complete: true },
      secret: (request, { header, payload }) => getJwks.getPublicKey({ kid: header.kid, alg: header.alg, domain: payload.iss }) });
    app.addHook('onRequest', (request) => request.jwtVerify());
    app.get('/', async () => 'well');
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
};
for (const [name, start] of Object.entries(services)) {
  const service = await start();
  const ask = async (down) => {
    isDown = down;
    const { status, headers } = await fetch(service, { headers: { authorization: `Bearer ${token}` } });
    return status + (/error="(\w+)"/.exec(headers.get('www-authenticate'))?.[1].replace(/^/, ' ') ?? '');
  };
  console.log(`${name}: ${await ask(true)}, then ${await ask(false)}`);
}
process.exit();
JS

node --no-deprecation finding.mjs | tee seen
diff - seen <<'EXPECTED'
express-oauth2-jwt-bearer: 401 invalid_token, then 200
express-jwt: 500, then 200
passport-jwt: 401, then 200
koa-jwt: 401, then 200
hono: 500, then 200
fastify: 500, then 200
EXPECTED

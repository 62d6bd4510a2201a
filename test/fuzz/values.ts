import fc from 'fast-check'
import { verbatim } from './shot.ts'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const bomb = { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 1_000_000_000, p2s: 'AAAAAAAAAAAAAAAA', zip: 'DEF' }

/** Shaped like a JWT, or nearly: T4, T5, T7. */
const jwts = [
  'eyJhbGciOiJub25lIn0.e30.',
  'eyJ.eyJ.x',
  '..',
  '....',
  `${encoded({ alg: 'none' })}.${encoded({ iss: 'x', sub: 'x', aud: 'x', exp: 9e9 })}.`,
  `${encoded({ alg: 'HS256', kid: 'x'.repeat(4000) })}.${encoded({ exp: 1e300 })}.AAAA`,
  `${encoded({ alg: 'RS256', kid: { $ne: null }, crit: ['exp'] })}.${encoded([])}.AAAA`,
  `${encoded({ alg: 'ES256', b64: false, crit: ['b64'], jku: 'http://127.0.0.1:1/' })}.${encoded('text')}.AAAA`,
  `${encoded(bomb)}.${'A'.repeat(54)}.AAAAAAAAAAAAAAAA.${'A'.repeat(4000)}.AAAAAAAAAAAAAAAAAAAAAA`,
  `${encoded({ alg: 'dir', enc: 'A128CBC-HS256', zip: 'DEF' })}..AAAA.AAAA.AAAA`,
  `${encoded({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${'A'.repeat(342)}.AAAA.AAAA.AAAA`,
  `${encoded({ alg: 'ES256' })}.${encoded(JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`))}.AAAA`,
  '{"payload":"e30","signatures":[{"protected":"e30","signature":""}]}',
]

export const nasty: readonly string[] = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\r\nSet-Cookie: a=b',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u202e',
    '💥',
    'é',
    'e\u0301',
  ],
  ...['"><script>alert(1)</script>', "'-alert(1)-'", 'javascript:alert(1)', 'data:text/html,<script>alert(1)</script>'],
  ...["' OR 1=1 --", "'; DROP TABLE users; --", '$1', '%s%n', '{{7*7}}', '../../etc/passwd', '..%2f..', '//'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', 'true', '[]'],
  ...['0', '-1', '1e9', '1e400', '9'.repeat(400), '0x10', '９', '9007199254740993', '2147483648', '-2147483649', '.5'],
  ...[
    'https://evil.example/cb',
    '//evil.example',
    'https://app.example@evil.example/',
    'https://app.example\\@evil/cb',
  ],
  ...[
    'https://[::1',
    'https://xn--/',
    'http://169.254.169.254/',
    'http://127.0.0.1:1/',
    'urn:',
    ':',
    'a:b',
    '#',
    'https://',
  ],
  ...['{"a":', '{"id_token":{"sub":{"value":1}}}', '{"__proto__":{"a":1}}', '{"userinfo":null}', '"', '{', '[[[['],
  ...[
    'openid',
    'openid openid',
    'offline_access',
    'none',
    'login',
    'consent select_account',
    'code',
    'token',
    'code token',
  ],
  ...[
    'query',
    'fragment',
    'form_post',
    'jwt',
    'query.jwt',
    'form_post.jwt',
    'S256',
    'plain',
    'Bearer',
    'DPoP',
    'Basic',
  ],
  ...['x'.repeat(200), 'x'.repeat(5000), '['.repeat(4000), '%'.repeat(3000), 'a '.repeat(2000), '💥'.repeat(1000)],
  ...['tsr_', 'tsi_', 'tsc_', 'tra_', 'tsn_', `tsi_${'A'.repeat(43)}`, `tra_${'A'.repeat(43)}`, 'A'.repeat(43)],
  ...['00000000-0000-4000-8000-000000000000', '00000000-0000-0000-0000-00000000000', 'BCDF-GHJK', 'bcdf ghjk'],
  ...['urn:ietf:params:oauth:request_uri:', `urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}`],
  ...['urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'urn:ietf:params:oauth:grant-type:device_code'],
  ...['%', '%zz', '%ED%A0%80', '%ff%fe', '%00', '%C0%80', '%F4%90%80%80', '&', '&&==&', 'a[b]=c', '+'].map(
    (x) => verbatim + x,
  ),
  ...jwts,
]

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...nasty) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
)

/** D4: deep, wide, and with names that JavaScript knows. */
const hostileJson: readonly unknown[] = [
  JSON.parse('{"__proto__":{"admin":true}}'),
  JSON.parse('{"constructor":{"prototype":{"admin":true}}}'),
  JSON.parse(`${'['.repeat(15)}${']'.repeat(15)}`),
  JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
  Array.from({ length: 1000 }, () => 'https://app.example/cb'),
  Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`p${at}`, 1])),
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    '\u0000',
    '\ud800',
    [],
    {},
    [null],
    [[]],
    [{}],
    { keys: [] },
    { keys: [null] },
  ],
  { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
  { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }] },
  { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }] },
  { keys: [{ kty: 'oct', k: 'AA' }] },
]
export const json: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostileJson) },
  { weight: 2, arbitrary: text },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

export const headerName = fc.constantFrom(
  ...['authorization', 'dpop', 'client-cert', 'client-cert-chain', 'cookie', 'origin', 'referer', 'host', 'accept'],
  ...[
    'accept-language',
    'content-type',
    'content-encoding',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
  ],
  ...['forwarded', 'x-request-id', 'user-agent', 'if-none-match', 'last-event-id', 'sec-fetch-site', 'sec-fetch-dest'],
  ...['x-http-method-override', 'range', 'expect', 'upgrade', 'te', 'x-original-url'],
)
const form = 'application/x-www-form-urlencoded'
export const headerValue = fc.oneof(
  text,
  fc.constantFrom(
    ...[
      'Basic',
      'Basic ===',
      'Basic Og==',
      'Basic YTpi',
      'Bearer',
      'Bearer x',
      'DPoP x',
      'Digest a=b',
      'bearer  x',
      'Basic \xff',
    ],
    ...[':AAAA:', ':MIIB:', '::', ':====:', `:${'A'.repeat(8000)}:`, 'x'.repeat(17_000)],
    ...[
      'application/json',
      'text/plain',
      `${form}; charset=utf-7`,
      'application/json ; x',
      'multipart/form-data',
      form,
      ';',
    ],
    ...['tessera=x; tessera=y', 'tessera-session=', '__Host-tessera=%', 'a', '=b', `tessera=${'x'.repeat(4000)}`],
    ...[
      'https://evil.example',
      'null',
      'cross-site',
      'same-origin',
      'iframe',
      'document',
      'text/html',
      '*/*',
      'bytes=0-1',
    ],
    ...[
      'evil.example',
      '127.0.0.1:1',
      '::1',
      '::ffff:1.2.3.4',
      '1.2.3.4, 5.6.7.8',
      'for=evil;host=evil',
      'gzip',
      'chunked',
    ],
  ),
)

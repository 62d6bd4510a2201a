import { generatePrimeSync, webcrypto, X509Certificate } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'
import t from 'tap'
import { isVouchedFor } from '../../../src/oauth/sender-constraint/certificate.ts'
import { aKeyPair, anAuthority, aSelfSigned, type Issued } from '../../support/client-certificates.ts'

const now = new Date('2026-06-01T12:00:00Z')
const root = await anAuthority('CN=root')

const vouches = ({ x509 }: Pick<Issued, 'x509'>, chain: readonly Issued[], ...roots: readonly Issued[]) =>
  isVouchedFor(
    x509,
    chain.map(({ x509 }) => x509),
    [root, ...roots].map(({ x509 }) => x509),
    now,
  )

/** How many signatures are verified while it runs. */
const verifications = (run: () => unknown): number => {
  const { verify } = X509Certificate.prototype
  let count = 0
  X509Certificate.prototype.verify = function (key) {
    count += 1
    return verify.call(this, key)
  }
  try {
    run()
  } finally {
    X509Certificate.prototype.verify = verify
  }
  return count
}

/** Those below the first, each issued by the one before, and a client of the last. */
const path = async (first: Issued, subjects: readonly string[]) => {
  const authorities: Issued[] = []
  let last = first
  for (const subject of subjects) {
    last = await last.issue({ subject, ca: true })
    authorities.push(last)
  }
  return { authorities, client: await last.issue() }
}

const orders = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((others) => [item, ...others]))

/** Each is the first once, forwards and backwards. */
const turns = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  items.flatMap((_, at) => {
    const turned = [...items.slice(at), ...items.slice(0, at)]
    return [turned, turned.toReversed()]
  })

t.test('T18 RFC 9440 §2.3: one authority sent eight times is tried once', async (t) => {
  const stranger = await anAuthority('CN=stranger')
  const client = await stranger.issue()
  // Each read from what was sent, so that no two are one object.
  const copies = Array.from({ length: 8 }, () => ({ ...stranger, x509: new X509Certificate(stranger.x509.raw) }))
  t.equal(
    verifications(() => t.notOk(vouches(client, copies))),
    1,
  )
})

t.test(
  'T18 RFC 5280 §6: certificates that all vouch for one another cost no more than there are of them',
  async (t) => {
    for (const subject of ['CN=stranger', 'CN=root']) {
      const keys = await aKeyPair()
      const strangers = await Promise.all(
        Array.from({ length: 8 }, (_, year) =>
          aSelfSigned({ subject, ca: true, keys, notBefore: new Date(Date.UTC(2010 + year)) }),
        ),
      )
      const [first] = strangers
      if (!first) return t.fail('nobody')
      const client = await first.issue()
      const count = verifications(() => t.notOk(vouches(client, strangers)))
      t.ok(count <= 2 * 8 + 1, `${subject}: ${count}`)
    }
  },
)

t.test(
  'T18 RFC 5280 §6: authorities of one name, each below the next: none is held against another twice',
  async (t) => {
    const { authorities, client } = await path(
      await anAuthority('CN=root'),
      Array.from({ length: 8 }, () => 'CN=root'),
    )
    for (const chain of turns(authorities)) {
      const count = verifications(() => t.notOk(vouches(client, chain)))
      t.ok(count <= 40, String(count))
    }
  },
)

t.test('T18 RFC 5280 §6: as many as may stand between, in any order, with others that are of no use', async (t) => {
  const names = ['CN=1', 'CN=2', 'CN=3', 'CN=4', 'CN=5']
  const { authorities, client } = await path(root, names)
  const others = [root, await anAuthority('CN=3'), client]
  for (const chain of turns([...authorities, ...others])) t.ok(vouches(client, chain))
  for (const missing of authorities) t.notOk(vouches(client, [...authorities.filter((each) => each !== missing), root]))
  const longer = await path(root, [...names, 'CN=6'])
  for (const chain of turns([...longer.authorities, root])) t.notOk(vouches(longer.client, chain), 'one more')
})

t.test('T18 RFC 5280 §3.2: cross-signed authorities, of which one certificate leads to ours', async (t) => {
  const another = await anAuthority('CN=another')
  const keys = await aKeyPair()
  const described = { subject: 'CN=between', ca: true, keys }
  const [byAnother, byOurs] = [await another.issue(described), await root.issue(described)]
  const client = await byAnother.issue()
  for (const chain of orders([byAnother, byOurs, another])) t.ok(vouches(client, chain))
  t.notOk(vouches(client, [byAnother, another]))
  t.ok(vouches(client, [byAnother], another), 'either will do')

  // An authority that renewed its key: the new one is signed by the old one, of the same name.
  const renewed = await byOurs.issue({ subject: 'CN=between', ca: true })
  for (const chain of orders([byAnother, byOurs, renewed, another])) t.ok(vouches(await renewed.issue(), chain))
})

t.test('T18 RFC 5280 §4.2.1.9: what is too far away by one path may be near enough by another', async (t) => {
  const far = await root.issue({ subject: 'CN=far', ca: true, pathLength: 1 })
  const middle = await far.issue({ subject: 'CN=middle', ca: true })
  const keys = await aKeyPair()
  const described = { subject: 'CN=near', ca: true, keys }
  const [long, short] = [await middle.issue(described), await far.issue(described)]
  const client = await long.issue()
  for (const chain of orders([long, short, middle, far])) t.ok(vouches(client, chain))
  for (const chain of orders([long, middle, far])) t.notOk(vouches(client, chain))
})

const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** Of 2048 bits. */
const anRsaKeyPair = async (e: bigint): Promise<webcrypto.CryptoKeyPair> => {
  const prime = (): bigint => {
    const found = generatePrimeSync(1024, { bigint: true })
    return (found - 1n) % e === 0n ? prime() : found
  }
  const [p, q] = [prime(), prime()]
  const d = inverse(e, (p - 1n) * (q - 1n))
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  const members = Object.entries(numbers).map(([name, value]) => [name, encoded(value)])
  const jwk = { kty: 'RSA', ...Object.fromEntries(members) }
  const { n } = jwk
  return {
    privateKey: await webcrypto.subtle.importKey('jwk', jwk, rsa, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', { kty: 'RSA', n, e: jwk.e }, rsa, true, ['verify']),
  }
}

const encoded = (value: bigint): string => {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}

const inverse = (value: bigint, modulus: bigint): bigint => {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n]
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
  if (a !== 1n) throw new RangeError('there is none')
  return ((x % modulus) + modulus) % modulus
}

t.test('T18 RFC 8725 §3.5: a key that came along and takes long to verify with is not tried', async (t) => {
  for (const [exponent, isFine] of [
    [65537n, true],
    [2n ** 32n + 15n, false],
  ] as const) {
    const keys = await anRsaKeyPair(exponent)
    const between = await root.issue({ subject: 'CN=between', ca: true, keys })
    const { publicKey } = await aKeyPair()
    const generated = await X509CertificateGenerator.create({
      subject: 'CN=client',
      issuer: 'CN=between',
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2100-01-01'),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: rsa,
    })
    const client = { x509: new X509Certificate(Buffer.from(generated.rawData)) }
    const count = verifications(() => t.equal(vouches(client, [between]), isFine, String(exponent)))
    t.equal(count, isFine ? 2 : 0)
    t.ok(vouches(client, [], between), 'of one that we named ourselves it is')
  }
})

import { createHash } from 'node:crypto'
import { Extension } from '@peculiar/x509'
import t from 'tap'
import { confirmationOfCertificate, isVouchedFor } from '../../../src/oauth/sender-constraint/certificate.ts'
import { cnfOf, confirmationOf, tokenTypeOf } from '../../../src/oauth/sender-constraint/confirmation.ts'
import {
  parseDistinguishedName,
  parseSubject,
  sameName,
} from '../../../src/oauth/sender-constraint/distinguished-name.ts'
import { hasName } from '../../../src/oauth/sender-constraint/subject-alternative-name.ts'
import { anAuthority, aSelfSigned, type Issued } from '../../support/client-certificates.ts'

const now = new Date('2026-06-01T12:00:00Z')
const authority = await anAuthority()

t.test('RFC 8705 §3.1 a confirmation is one string, a claim, and one again', async (t) => {
  const { x509 } = await aSelfSigned()
  const thumbprint = createHash('sha256').update(x509.raw).digest('base64url')
  const confirmation = confirmationOfCertificate(x509)
  t.same(cnfOf(confirmation), { 'x5t#S256': thumbprint })
  t.equal(confirmationOf(cnfOf(confirmation)), confirmation)
  t.equal(tokenTypeOf(confirmation), 'Bearer')
  t.same(cnfOf(thumbprint), { jkt: thumbprint }, 'the same text as the thumbprint of a key is another thing')
  t.equal(confirmationOf({ jkt: thumbprint }), thumbprint)
  t.equal(tokenTypeOf(thumbprint), 'DPoP')
  t.equal(confirmationOf(undefined), undefined)
  for (const strange of [null, 'x', {}, { jkt: 'short' }, { jkt: 1 }, { jwk: {} }, { jkt: thumbprint, x: 1 }])
    t.equal(confirmationOf(strange), 'unknown', JSON.stringify(strange))
})

t.test('T18 RFC 4514: the subject of a certificate, and what only looks like it', async (t) => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'C=KR, O=Bank\\, Ltd., CN=client-1',
      [
        'CN=client-1,O=Bank\\, Ltd.,C=KR',
        'cn=client-1, o=Bank\\2C Ltd., c=KR',
        '2.5.4.3=client-1,O=#130a42616e6b2c204c74642e,C=KR',
      ],
      [
        'C=KR,O=Bank\\, Ltd.,CN=client-1',
        'CN=client-1,O=Bank\\, Ltd.',
        'CN=Client-1,O=Bank\\, Ltd.,C=KR',
        'CN=client-1',
        '',
      ],
    ],
    ['CN=한국 은행', ['CN=한국 은행', 'CN=\\ED\\95\\9C\\EA\\B5\\AD \\EC\\9D\\80\\ED\\96\\89'], ['CN=한국']],
    ['O=a+OU=b, CN=c', ['CN=c,OU=b+O=a', 'CN=c,O=a+OU=b'], ['CN=c,OU=b,O=a']],
    ['DC=example, CN=x\\=y\\+z', ['CN=x\\=y\\+z,DC=example'], ['CN=x=y,DC=example']],
  ]
  for (const [subject, same, others] of cases) {
    const { x509 } = await aSelfSigned({ subject })
    for (const text of same)
      t.ok(
        sameName(parseDistinguishedName(text), parseSubject(x509.subject)),
        `${text} is ${JSON.stringify(x509.subject)}`,
      )
    for (const text of others) t.notOk(sameName(parseDistinguishedName(text), parseSubject(x509.subject)), text)
  }
  // A value cannot pretend to be two parts.
  const { x509 } = await aSelfSigned({ subject: 'CN=client\\,O=Bank' })
  t.notOk(sameName(parseDistinguishedName('CN=client,O=Bank'), parseSubject(x509.subject)))
  for (const space of ['\u00a0', '\u3000', '\u2028', '\ufeff', '\t']) {
    const [dn, written] = [parseDistinguishedName('CN=client'), `U+${space.charCodeAt(0).toString(16)}`]
    t.notOk(sameName(dn, parseSubject(`CN=${space}client`)), `${written} is a character of the name`)
    t.equal(parseDistinguishedName(`CN${space}=client`), undefined, `${written} separates nothing`)
    t.equal(parseDistinguishedName(`${space}CN=client`), undefined, written)
  }
  for (const none of ['', 'client', 'CN', '=x', 'CN=', 'CN=a,', 'CN=a\\', 'CN=#zz', 'CN=#0c05ab', ',CN=a'])
    t.equal(parseDistinguishedName(none), undefined, none)
})

t.test('T18 RFC 8705 §2.1.2: a name of the certificate, exactly', async (t) => {
  const { x509 } = await aSelfSigned({
    names: [
      { type: 'dns', value: 'client.example' },
      { type: 'dns', value: '*.wild.example' },
      { type: 'url', value: 'https://client.example/a,b' },
      { type: 'email', value: 'ops@client.example' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'ip', value: '2001:db8::1' },
    ],
  })
  const names = x509.subjectAltName
  t.ok(hasName(names, 'dns', 'Client.Example'))
  t.ok(hasName(names, 'uri', 'https://client.example/a,b'))
  t.ok(hasName(names, 'email', 'ops@client.example'))
  t.ok(hasName(names, 'ip', '10.0.0.1'))
  t.ok(hasName(names, 'ip', '2001:DB8:0::1'))
  for (const [kind, wanted] of [
    ['dns', 'a.wild.example'],
    ['dns', 'evil.client.example'],
    ['dns', 'ops@client.example'],
    ['uri', 'https://client.example/a'],
    ['uri', 'https://client.example/A,b'],
    ['email', 'OPS@client.example'],
    ['email', 'client.example'],
    ['ip', '10.0.0.2'],
    ['ip', 'client.example'],
  ] as const)
    t.notOk(hasName(names, kind, wanted), `${kind} ${wanted}`)
  t.notOk(hasName(undefined, 'dns', 'client.example'))
  // What a value could put into the list of them.
  const sly = await aSelfSigned({ names: [{ type: 'url', value: 'https://x/, DNS:bank.example' }] })
  t.notOk(hasName(sly.x509.subjectAltName, 'dns', 'bank.example'), String(sly.x509.subjectAltName))
  t.notOk(hasName('URI:a", DNS:bank.example', 'dns', 'bank.example'), 'what cannot be read counts for nothing')
})

t.test('T18 RFC 5280 §6: wrong authority, expired, not yet valid, not an authority, for servers only', async (t) => {
  const vouches = (
    { x509 }: { x509: Parameters<typeof isVouchedFor>[0] },
    chain: readonly { x509: Parameters<typeof isVouchedFor>[0] }[] = [],
  ) =>
    isVouchedFor(
      x509,
      chain.map(({ x509 }) => x509),
      [authority.x509],
      now,
    )

  const leaf = await authority.issue()
  t.ok(vouches(leaf))
  t.ok(vouches(await authority.issue({ usages: ['1.3.6.1.5.5.7.3.2'] })))
  t.notOk(vouches(await authority.issue({ usages: ['1.3.6.1.5.5.7.3.1'] })), 'for servers only')
  t.notOk(vouches(await authority.issue({ notAfter: new Date('2026-05-31') })), 'expired')
  t.notOk(vouches(await authority.issue({ notBefore: new Date('2026-06-02') })), 'not yet valid')
  t.notOk(vouches(await aSelfSigned()), 'nobody vouches for it')
  const impostor = await anAuthority()
  t.notOk(vouches(await impostor.issue()), 'another authority of the same name')
  t.notOk(vouches(await impostor.issue(), [impostor]), 'which comes along')

  const between = await authority.issue({ subject: 'CN=between', ca: true })
  const below = await between.issue()
  t.ok(vouches(below, [between]))
  t.ok(vouches(below, [leaf, between]), 'in any order')
  t.notOk(vouches(below), 'what is between is missing')
  t.notOk(vouches(await leaf.issue(), [leaf]), 'a client is no authority')
  const old = await authority.issue({ subject: 'CN=old', ca: true, notAfter: new Date('2026-05-31') })
  t.notOk(vouches(await old.issue(), [old]), 'an authority that expired')
})

t.test('T18 RFC 5280 §6.1.4: how far below an authority, for whom, and what nobody here understands', async (t) => {
  const vouches = ({ x509 }: Issued, ...chain: readonly Issued[]) =>
    isVouchedFor(
      x509,
      chain.map(({ x509 }) => x509),
      [authority.x509],
      now,
    )
  const below = async (described: Parameters<Issued['issue']>[0]) => {
    const between = await authority.issue({ subject: 'CN=between', ca: true, ...described })
    return { between, client: await between.issue() }
  }
  const last = await below({ pathLength: 0 })
  t.ok(vouches(last.client, last.between), 'nothing stands between')
  const further = await last.between.issue({ subject: 'CN=further', ca: true })
  t.notOk(vouches(await further.issue(), further, last.between), 'pathLenConstraint 0, and one stands between')
  const one = await below({ pathLength: 1 })
  const second = await one.between.issue({ subject: 'CN=second', ca: true })
  t.ok(vouches(await second.issue(), second, one.between), 'pathLenConstraint 1')
  const third = await second.issue({ subject: 'CN=third', ca: true })
  t.notOk(vouches(await third.issue(), third, second, one.between), 'and two')

  const forServers = await below({ usages: ['1.3.6.1.5.5.7.3.1'] })
  t.notOk(vouches(forServers.client, forServers.between), 'an authority of servers')
  const forClients = await below({ usages: ['1.3.6.1.5.5.7.3.2'] })
  t.ok(vouches(forClients.client, forClients.between))

  // To permit a.example alone; and what nobody knows.
  const names = Buffer.from('300fa00d300b8209612e6578616d706c65', 'hex')
  for (const [oid, isCritical, isFine] of [
    ['2.5.29.30', true, false],
    ['2.5.29.30', false, false],
    ['1.2.3.4', true, false],
    ['1.2.3.4', false, true],
  ] as const) {
    const extensions = [new Extension(oid, isCritical, names)]
    const { between, client } = await below({ extensions })
    t.equal(vouches(client, between), isFine, `${oid} of an authority, critical: ${isCritical}`)
    if (oid === '1.2.3.4') t.equal(vouches(await authority.issue({ extensions })), isFine, 'of the client')
  }
})

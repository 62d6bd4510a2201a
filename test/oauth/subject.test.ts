import t from 'tap'
import { createSidOf, createSubjectOf } from '../../src/oauth/subject.ts'
import { isUuid } from '../../src/uuid.ts'
import { aClient } from '../support/clients.ts'

const alice = '6f2d7a52-3f0e-4b64-9e53-0a4a3f6d5b11'
const bob = '1b6f3cde-94aa-4f0b-8c0f-7f6a2a1e0c22'
const subjectOf = createSubjectOf(Buffer.alloc(32, 7))
const pairwise = (metadata: object) => aClient({ subject_type: 'pairwise', ...metadata })

t.test('OIDC Core §8: a public subject is the person, whoever asks', async (t) => {
  t.equal(subjectOf(aClient({ redirect_uris: ['https://one.example/cb'] }), alice), alice)
})

t.test(
  'OIDC Core §8.1: one subject in a sector, another in each other sector, of each other person and secret',
  async (t) => {
    const one = subjectOf(pairwise({ redirect_uris: ['https://one.example/cb'] }), alice)
    t.equal(subjectOf(pairwise({ redirect_uris: ['https://one.example:8443/a', 'https://one.example/b'] }), alice), one)
    t.equal(
      subjectOf(
        pairwise({ redirect_uris: ['https://two.example/cb'], sector_identifier_uri: 'https://one.example/s.json' }),
        alice,
      ),
      one,
      'the sector identifier comes before the redirect URIs',
    )
    const others = [
      alice,
      subjectOf(pairwise({ redirect_uris: ['https://two.example/cb'] }), alice),
      subjectOf(pairwise({ redirect_uris: ['https://one.example/cb'] }), bob),
      createSubjectOf(Buffer.alloc(32, 8))(pairwise({ redirect_uris: ['https://one.example/cb'] }), alice),
    ]
    t.equal(new Set([one, ...others]).size, 5)
  },
)

t.test('T13 a pairwise subject looks like no client, and is of a version that no person has', async (t) => {
  const subject = subjectOf(pairwise({ redirect_uris: ['https://one.example/cb'] }), alice)
  t.ok(isUuid(subject), subject)
  t.equal(subject[14], '8')
  t.match(subject[19], /[89ab]/)
})

t.test('OIDC Core §8.1: a session is told no less apart than its person', async (t) => {
  const session = '0f2d7a52-3f0e-4b64-9e53-0a4a3f6d5b11'
  const sidOf = createSidOf(Buffer.alloc(32, 7))
  const one = pairwise({ redirect_uris: ['https://one.example/cb'] })
  const sid = sidOf(one, session)
  t.equal(sidOf(aClient(), session), session, 'a public client is told its id')
  t.ok(isUuid(sid), sid)
  t.equal(sidOf(pairwise({ redirect_uris: ['https://one.example/other'] }), session), sid)
  const others = [
    session,
    subjectOf(one, session),
    sidOf(one, alice),
    sidOf(pairwise({ redirect_uris: ['https://two.example/cb'] }), session),
    createSidOf(Buffer.alloc(32, 8))(one, session),
  ]
  t.equal(new Set([sid, ...others]).size, 6)
})

t.test(
  'OIDC Core §8.1: whose redirect URIs show no sector shares its subjects with nobody, however it was stored',
  async (t) => {
    const sidOf = createSidOf(Buffer.alloc(32, 7))
    const clinic = pairwise({ client_id: 'clinic', redirect_uris: ['https://clinic.example/cb'] })
    const registration = { hash: Buffer.alloc(32), lastUsedAt: undefined }
    const alone: readonly (readonly string[])[] = [
      ['com.evil.app://clinic.example/cb'],
      ['https://clinic.example/cb', 'com.evil.app://clinic.example/cb'],
      ['https://clinic.example/cb', 'https://two.example/cb'],
      ['com.example.app:/cb'],
      [],
    ]
    const local = ['http://127.0.0.1/cb', 'http://localhost/cb', 'http://[::1]/cb', 'https://app.localhost/cb']
    const seen = new Set([subjectOf(clinic, alice), sidOf(clinic, alice)])
    const clients = [...alone, ...local.map((uri) => [uri])].flatMap((redirect_uris, index) =>
      ['a', 'b'].map((name) => pairwise({ client_id: `${name}${index}`, redirect_uris, registration })),
    )
    for (const client of clients) seen.add(subjectOf(client, alice)).add(sidOf(client, alice))
    t.equal(seen.size, 2 * (clients.length + 1))

    const [operators, beside] = ['a', 'b'].map((client_id) => pairwise({ client_id, redirect_uris: local.slice(0, 1) }))
    if (!operators || !beside) throw new Error('there are two')
    t.equal(subjectOf(operators, alice), subjectOf(beside, alice), 'an operator answers for what runs on this machine')
    t.notOk(seen.has(subjectOf(operators, alice)), 'and nobody else joins it')
    const listed = pairwise({
      client_id: 'c',
      sector_identifier_uri: 'https://clinic.example/s',
      redirect_uris: alone[0],
    })
    t.equal(subjectOf(listed, alice), subjectOf(clinic, alice), 'whom the sector itself lists is of it')
  },
)

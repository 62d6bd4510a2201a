import t from 'tap'
import { checkMetadata, InvalidMetadata } from '../../src/oauth/registration.ts'

const mistakesOf = (metadata: Record<string, unknown>): readonly string[] => {
  try {
    checkMetadata({ client_name: 'An app', redirect_uris: ['https://app.example/cb'], ...metadata })
    return []
  } catch (error) {
    if (!(error instanceof InvalidMetadata)) throw error
    return error.mistakes.map(({ field, problem }) => `${field} ${problem}`)
  }
}

t.test('Back-Channel Logout §2.2: https or this machine, no fragment', async (t) => {
  const of = (uri: string) => mistakesOf({ backchannel_logout_uri: uri })
  for (const uri of ['https://other.example/bc', 'https://app.example:8443/bc?x=1', 'http://127.0.0.1:9000/bc'])
    t.same(of(uri), [], uri)
  for (const uri of [
    'https://app.example/bc#f',
    'http://app.example/bc',
    'com.example.app:/bc',
    'javascript:alert(1)',
    'https://u:p@app.example/bc',
    '/bc',
  ])
    t.match(of(uri), [/^backchannel_logout_uri /], uri)
})

t.test('Front-Channel Logout §2: the origin of a registered redirect URI', async (t) => {
  const of = (
    uri: string,
    redirect_uris = ['https://app.example/cb', 'https://b.example:8443/cb', 'http://[::1]/cb'],
  ) => mistakesOf({ frontchannel_logout_uri: uri, redirect_uris })
  for (const uri of ['https://app.example/fc?x=1', 'https://b.example:8443/']) t.same(of(uri), [], uri)
  for (const uri of [
    'https://app.example:444/fc',
    'https://sub.app.example/fc',
    'https://b.example/fc',
    'http://localhost/fc',
  ])
    t.same(of(uri), ['frontchannel_logout_uri is on none of the origins of redirect_uris'], uri)
  for (const uri of ['https://app.example/fc#f', 'http://app.example/fc', 'data:text/html,x'])
    t.match(of(uri), [/^frontchannel_logout_uri /], uri)
  t.match(of('http://[::1]/out'), [/^frontchannel_logout_uri is at an IPv6 address/], 'frame-src cannot name it')
  t.same(
    mistakesOf({ frontchannel_logout_uri: 'com.example.app:/fc', redirect_uris: ['com.example.app:/cb'] }),
    ['frontchannel_logout_uri is not https'],
    'nothing but the web can be framed',
  )
})

t.test('a session is told to nobody who is told nothing', async (t) => {
  for (const channel of ['backchannel', 'frontchannel']) {
    const [uri, required] = [`${channel}_logout_uri`, `${channel}_logout_session_required`]
    t.match(mistakesOf({ [required]: true }), [`${required} means nothing without ${uri}`])
    t.same(mistakesOf({ [required]: true, [uri]: 'https://app.example/out' }), [])
  }
})

import fc from 'fast-check'
import t from 'tap'
import { OAuthError } from '../../src/oauth/errors.ts'
import { parseParameters } from '../../src/oauth/parameters.ts'

const of = (...queries: string[]) => parseParameters(...queries.map((query) => new URLSearchParams(query)))
const invalid = { code: 'invalid_request' }

t.test('R7 a parameter that is sent twice is invalid_request, wherever the two were (RFC 6749 §3.1)', async (t) => {
  for (const sources of [['state=a&state=b'], ['state=a', 'state=b'], ['state=a&state=a'], ['state=&state=a']]) {
    const parameters = of(...sources)
    t.throws(() => parameters.optional('state'), invalid)
    t.throws(() => parameters.required('state'), invalid)
    t.throws(() => parameters.refuseRepeats(), {
      ...invalid,
      description: /The parameter state is sent more than once/,
    })
    t.same(parameters.repeats, ['state'])
  }
})

t.test('R7 what was not repeated can still be read, so that the refusal can be redirected', async (t) => {
  const parameters = of('client_id=app&state=s&scope=a&scope=b')
  t.equal(parameters.required('client_id'), 'app')
  t.equal(parameters.optional('state'), 's')
  t.throws(() => parameters.refuseRepeats(), invalid)
})

t.test('R7 a repeat of what nobody knows is refused too, and its name is not given back', async (t) => {
  const error = thrownBy(() => of('%3Cscript%3E=1&%3Cscript%3E=2').refuseRepeats())
  t.equal(error.code, 'invalid_request')
  t.notMatch(error.description, /script/)
})

t.test('RFC 8707 §2: resource may repeat', async (t) => {
  const parameters = of('resource=a&resource=&resource=b')
  t.same(parameters.list('resource'), ['a', 'b'])
  t.doesNotThrow(() => parameters.refuseRepeats())
})

t.test('R8 an empty value is an absent one (RFC 6749 §3.1)', async (t) => {
  const parameters = of('scope=&state=x')
  t.equal(parameters.optional('scope'), undefined)
  t.throws(() => parameters.required('scope'), { ...invalid, description: 'The parameter scope is missing.' })
  t.same(parameters.names(), ['state'])
})

t.test('D4 a hundred parameters, and not one more', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')
  t.equal(of(many(100)).names().length, 100)
  t.throws(() => of(many(101)), invalid)
  t.throws(() => of(many(60), many(41)), invalid)
})

t.test('R11 control characters and bytes that are no text are refused, and the value is not told', async (t) => {
  for (const value of ['a%00b', 'a%0D%0Ab', '%7F', '%C2%85', '%FF', '%ED%A0%80']) {
    const error = thrownBy(() => of(`state=secret${value}`).optional('state'))
    t.equal(error.code, 'invalid_request', value)
    t.match(error.description, /state/)
    t.notMatch(`${error.description} ${error.reason}`, /secret/)
  }
  t.equal(of('state=%F0%9F%8C%8D%20%22%3E%3Cscript%3E').optional('state'), '🌍 "><script>')
})

t.test('OIDC Core §5.5: the JSON of claims may be indented, and nothing else may', async (t) => {
  t.equal(of('claims=%7B%0A%09%7D').optional('claims'), '{  }')
  t.throws(() => of('claims=%7B%00%7D').optional('claims'), invalid)
})

t.test('a name of the language is a name like any other', async (t) => {
  t.equal(of('').optional('__proto__'), undefined)
  t.equal(of('__proto__=1&constructor=2').optional('constructor'), '2')
})

t.test('D4 arbitrary text is read or refused, and never crashes', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (query, name) => {
      try {
        const parameters = of(query)
        for (const each of [name, ...parameters.names(), ...parameters.repeats]) parameters.optional(each)
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error
      }
    }),
  )
})

const thrownBy = (act: () => unknown): OAuthError => {
  try {
    act()
  } catch (error) {
    if (error instanceof OAuthError) return error
  }
  throw new Error('expected an OAuthError')
}

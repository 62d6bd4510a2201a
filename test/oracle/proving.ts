import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import type { Dpop, Proof } from './cases.ts'
import { type ClientName, clientKey, secretOf, strangerKey } from './clients.ts'
import type { Party } from './parties.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export type Proven = { readonly form: URLSearchParams; readonly headers: Record<string, string> }

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

/** The form with what proves its client, or does not. */
export const proven = async (
  party: Party,
  client: ClientName,
  proof: Proof,
  path: string,
  sent: URLSearchParams,
): Promise<Proven> => {
  const form = new URLSearchParams(sent)
  const headers: Record<string, string> = {}
  const secret = secretOf(client)
  const usual = client === 'public' || client === 'basic' || client === 'post' ? client : 'jwt'
  const put = (name: string, value: string) => (form.has(name) ? undefined : form.set(name, value))

  if (proof === 'absent') return { form, headers }
  if (proof === 'no Basic' || proof === 'no colon' || proof === 'Bearer') {
    headers.authorization =
      proof === 'no Basic' ? 'Basic %%%' : proof === 'Bearer' ? 'Bearer some.token' : basic('nothing-here')
    return { form, headers }
  }
  if (proof === 'unknown client') {
    if (usual === 'basic') headers.authorization = basic(`nobody:${secret}`)
    else form.set('client_id', 'nobody')
    if (usual === 'post') form.set('client_secret', secret ?? '')
    if (usual !== 'jwt') return { form, headers }
  }
  if (usual === 'public') {
    put('client_id', client)
    if (proof === 'wrong secret') form.set('client_secret', 'it-has-none')
    if (proof === 'other method') headers.authorization = basic(`${client}:`)
    return { form, headers }
  }
  if (usual === 'jwt') {
    if (proof === 'other method') {
      headers.authorization = basic(`${client}:no-secret`)
      return { form, headers }
    }
    put('client_assertion_type', proof === 'wrong assertion type' ? 'jwt' : assertionType)
    put('client_assertion', await assertionOf(party, client, proof, path))
    if (proof === 'another client_id') form.set('client_id', 'basic')
    if (proof === 'two methods') headers.authorization = basic(`${client}:no-secret`)
    return { form, headers }
  }
  const said = proof === 'wrong secret' ? 'wrong' : proof === 'empty secret' ? '' : (secret ?? '')
  const inHeader = (usual === 'basic') !== (proof === 'other method')
  if (inHeader || proof === 'two methods') headers.authorization = basic(`${client}:${said}`)
  if (!inHeader || proof === 'two methods') {
    put('client_id', client)
    put('client_secret', said)
  }
  if (proof === 'another client_id') form.set('client_id', 'public')
  return { form, headers }
}

const spent = new Map<string, string>()

const assertionOf = async (party: Party, client: ClientName, proof: Proof, path: string): Promise<string> => {
  if (proof === 'junk') return 'e30.e30.e30'
  const now = party.now()
  const claims = {
    iss: proof === 'wrong issuer' ? 'nobody' : client,
    sub: proof === 'unknown client' ? 'nobody' : client,
    aud:
      proof === 'wrong audience'
        ? 'https://other.example'
        : proof === 'endpoint as audience'
          ? party.issuer + path
          : party.issuer,
    ...(proof !== 'without jti' && { jti: randomUUID() }),
    iat: proof === 'from the future' ? now + 3600 : now,
    ...(proof === 'from the future' && { nbf: now + 3600 }),
    ...(proof !== 'without exp' && {
      exp: proof === 'expired' ? now - 600 : now + 60 + (proof === 'from the future' ? 3600 : 0),
    }),
  }
  if (proof === 'unsigned') return new UnsecuredJWT(claims).encode()
  const by = proof === 'wrong key' ? strangerKey : clientKey
  const signed = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'ec' }).sign(by.privateKey)
  const key = `${party.name} ${client}`
  if (proof === 'replayed') return spent.get(key) ?? signed
  return signed
}

/** What a later case replays: it was accepted once. */
export const remember = (
  party: Party,
  client: ClientName,
  path: string,
  form: URLSearchParams,
  headers: Record<string, string>,
): void => {
  const assertion = form.get('client_assertion')
  if (assertion) spent.set(`${party.name} ${client}`, assertion)
  const { dpop } = headers
  if (dpop) usedProofs.set(party.name + path, dpop)
}

const dpopKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherDpopKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const usedProofs = new Map<string, string>()

/** RFC 9449 §4.2. */
export const dpopHeader = async (party: Party, dpop: Dpop, path: string): Promise<Record<string, string>> => {
  if (dpop === 'absent') return {}
  if (dpop === 'junk') return { dpop: 'e30.e30.e30' }
  const used = usedProofs.get(party.name + path)
  if (dpop === 'replayed' && used !== undefined) return { dpop: used }
  const { privateKey, publicKey } = dpop === 'other key' ? otherDpopKey : dpopKey
  const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return {
    dpop: await new SignJWT({
      htm: dpop === 'wrong htm' ? 'GET' : 'POST',
      htu: dpop === 'wrong htu' ? `${party.issuer}/elsewhere` : party.issuer + path,
      iat: party.now() - (dpop === 'old' ? 3600 : 0),
      jti: randomUUID(),
    })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
      .sign(privateKey),
  }
}

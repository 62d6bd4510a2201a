import type { Test } from 'tap'
import type { Answer } from './server.ts'

/** Of a client of the client credentials grant, and how the token endpoint refuses one. */
export const api = 'https://api.example'
export const grant = { grant_type: 'client_credentials' }
export const machineMetadata = {
  grant_types: ['client_credentials'],
  redirect_uris: [],
  scope: 'read',
  resources: [api],
}
export const refusedClient = { status: 401, body: { error: 'invalid_client' } }
export const malformed = { status: 400, body: { error: 'invalid_request' } }
export const isChallenged = (t: Test, { headers }: Answer) =>
  t.match(headers.get('www-authenticate'), /^Basic realm=/, 'T3')

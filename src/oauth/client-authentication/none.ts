import { invalidClient } from '../errors.ts'
import type { Method } from './method.ts'

/** A public client has nothing to prove with, and only says who it is: RFC 6749 §3.2.1. */
export const none: Method = {
  name: 'none',

  recognizes: ({ authorization, parameters }) =>
    authorization === undefined &&
    parameters.optional('client_id') !== undefined &&
    parameters.optional('client_secret') === undefined &&
    parameters.optional('client_assertion') === undefined &&
    parameters.optional('client_assertion_type') === undefined,

  clientIds: ({ parameters }) => [parameters.required('client_id')],

  async authenticate(_request, client) {
    if (!client) throw invalidClient('no public client of that id')
  },
}

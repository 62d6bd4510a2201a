import { invalidClient } from '../errors.ts'
import { type Method, namesItselfOnly } from './method.ts'

/** A public client has nothing to prove with, and only says who it is: RFC 6749 §3.2.1. */
export const none: Method = {
  name: 'none',
  byRegistration: true,

  recognizes: namesItselfOnly,

  clientIds: ({ parameters }) => [parameters.required('client_id')],

  async authenticate(_request, client) {
    if (!client) throw invalidClient('no public client of that id')
  },
}

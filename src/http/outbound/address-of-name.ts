import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Resolve, Resolved } from './destination.ts'

/**
 * The hosts file first, then DNS. Not `getaddrinfo`: each of its calls holds a thread of the pool that signs tokens for
 * as long as somebody's name server pleases.
 */
export const createResolve = ({ hosts, timeout }: { readonly hosts: string; readonly timeout: number }): Resolve => {
  const dns = new Resolver({ timeout, tries: 2 })
  return async (hostname) => {
    const written = addressesIn(await readFile(hosts, 'utf8').catch(() => ''), hostname)
    if (written.length > 0) return written
    // RFC 6761 §6.3: never asked of DNS.
    if (/(?:^|\.)localhost$/.test(hostname)) return [{ address: '127.0.0.1', family: 4 }]
    const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)])
    return [...addressesOf(v4, 4), ...addressesOf(v6, 6)]
  }
}

export const systemResolve: Resolve = createResolve({ hosts: '/etc/hosts', timeout: 1000 })

const addressesOf = (answer: PromiseSettledResult<readonly string[]>, family: number): readonly Resolved[] =>
  answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : []

/** hosts(5): an address, then its names; `#` begins a comment. */
const addressesIn = (hosts: string, hostname: string): readonly Resolved[] =>
  hosts
    .split('\n')
    .map((line) => (line.split('#', 1)[0] ?? '').trim().split(/\s+/))
    .filter(([, ...names]) => names.some((name) => name.toLowerCase() === hostname))
    .flatMap(([address = '']) => (isIP(address) ? [{ address, family: isIP(address) }] : []))

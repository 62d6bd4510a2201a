import { createHash } from 'node:crypto'

/**
 * Answers a client's page in the same browser, and does nothing else. A browser that keeps this cookie from what is
 * framed shows none: then nothing is known, and `changed` would log people out of the client for no reason.
 *
 * In the words of any browser there is, and at once: the browser's own SHA-256 answers later, and not in all of them.
 */
const scriptFor = (cookie: string): string => `'use strict'
var cookie = ${JSON.stringify(`${cookie}=`)}

// FIPS 180-4.
var primes = []
for (var n = 2; primes.length < 64; n++) if (primes.every(function (prime) { return n % prime })) primes.push(n)
function fraction(root) { return ((root % 1) * 4294967296) | 0 }
var constants = primes.map(function (prime) { return fraction(Math.pow(prime, 1 / 3)) })
function turned(word, by) { return (word >>> by) | (word << (32 - by)) }

function mixed(state, w) {
  var a = state
  for (var i = 0; i < 64; i++) {
    if (i > 15) {
      var x = w[i - 15], y = w[i - 2]
      var sum = w[i - 16] + w[i - 7] + (turned(x, 7) ^ turned(x, 18) ^ (x >>> 3))
      w[i] = (sum + (turned(y, 17) ^ turned(y, 19) ^ (y >>> 10))) | 0
    }
    var chosen = (a[4] & a[5]) ^ (~a[4] & a[6])
    var most = (a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2])
    var one = a[7] + (turned(a[4], 6) ^ turned(a[4], 11) ^ turned(a[4], 25)) + chosen + constants[i] + w[i]
    var two = (turned(a[0], 2) ^ turned(a[0], 13) ^ turned(a[0], 22)) + most
    a = [(one + two) | 0, a[0], a[1], a[2], (a[3] + one) | 0, a[4], a[5], a[6]]
  }
  return state.map(function (word, index) { return (word + a[index]) | 0 })
}

function sha256(text) {
  var bytes = unescape(encodeURIComponent(text))
  var words = []
  for (var i = 0; i <= bytes.length; i++)
    words[i >> 2] |= (i < bytes.length ? bytes.charCodeAt(i) : 128) << (24 - (i % 4) * 8)
  var last = ((bytes.length + 8) >> 6) * 16 + 15
  words[last] = bytes.length * 8
  var state = primes.slice(0, 8).map(function (prime) { return fraction(Math.sqrt(prime)) })
  for (var block = 0; block < last; block += 16) {
    var w = []
    for (var next = 0; next < 16; next++) w.push(words[block + next] | 0)
    state = mixed(state, w)
  }
  return state.map(function (word) { return ('0000000' + (word >>> 0).toString(16)).slice(-8) }).join('')
}

addEventListener('message', function (event) {
  if (typeof event.data !== 'string' || !event.source || event.origin === 'null') return
  var parts = event.data.split(' ')
  var salt = (parts[1] || '').split('.')[1]
  var known = document.cookie.split('; ').filter(function (each) { return each.indexOf(cookie) === 0 })[0]
  var answer = 'error'
  if (parts[0] && salt && parts.length === 2 && known !== undefined) {
    var digest = sha256([parts[0], event.origin, known.slice(cookie.length), salt].join(' '))
    answer = digest + '.' + salt === parts[1] ? 'unchanged' : 'changed'
  }
  event.source.postMessage(answer, event.origin)
})
`

/** OpenID Connect Session Management 1.0 §3.3. @property hash of its script, for the Content-Security-Policy */
export const sessionCheckPage = (cookie: string): { readonly html: string; readonly hash: string } => {
  const script = scriptFor(cookie)
  const hash = `sha256-${createHash('sha256').update(script).digest('base64')}`
  return { html: `<!doctype html><html lang="en"><title>Session</title><script>${script}</script></html>`, hash }
}

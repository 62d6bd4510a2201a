export type Forbidden = {
  readonly uri: string
  /** Where its name leads; nowhere unless said. */
  readonly leads?: readonly string[]
  readonly reason: string
}

const privately = 'its host is not on the public network'
const literals = [
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0177.0.0.1/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://①②⑦.0.0.1/',
  'https://127。0。0。1/',
  'https://%31%32%37.0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::10.0.0.1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/latest/meta-data/',
  'https://2852039166/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://192.0.0.8/',
  'https://198.18.0.1/',
  'https://[fd00::1]/',
  'https://[fc00::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
]

const leads = [
  ['127.0.0.1'],
  ['10.0.0.1'],
  ['169.254.169.254'],
  ['fd00::1'],
  ['::1'],
  ['::ffff:10.0.0.1'],
  ['fe80::1%lo'],
  ['93.184.215.14', '10.0.0.1'],
  ['2606:4700::1111', '::1'],
]

/** O2: addresses that a client may name and that nobody may be connected to. */
export const forbidden: readonly Forbidden[] = [
  ...literals.map((uri) => ({ uri, reason: privately })),
  // Each its own, or what is known of one would answer for the next.
  ...leads.map((to, index) => ({ uri: `https://keys.example/${index}`, leads: to, reason: privately })),
  { uri: 'https://localhost/', leads: ['127.0.0.1'], reason: privately },
  { uri: 'https://ⓛocalhost/', leads: ['127.0.0.1'], reason: privately },
  // A homograph is another name, which leads where its owner says.
  { uri: 'https://kеys.example/', leads: ['10.0.0.1'], reason: privately },
  { uri: 'https://keys.example/', reason: 'its host has no address' },
  { uri: 'http://keys.example/', reason: 'it is not https' },
  { uri: 'http://127.0.0.1/', reason: 'it is not https' },
  { uri: 'http://localhost/', reason: 'it is not https' },
  { uri: 'ftp://keys.example/', reason: 'it is not https' },
  { uri: 'file:///etc/passwd', reason: 'it is not https' },
  { uri: 'gopher://keys.example:6379/_FLUSHALL', reason: 'it is not https' },
  { uri: 'data:application/json,{}', reason: 'it is not https' },
  { uri: 'unix:/run/docker.sock', reason: 'it is not https' },
  { uri: 'not a url', reason: 'it is not a URL' },
  { uri: '//keys.example/', reason: 'it is not a URL' },
  { uri: 'https://', reason: 'it is not a URL' },
  { uri: 'https://999.999.999.999/', reason: 'it is not a URL' },
  { uri: 'https://user@keys.example/', reason: 'it holds a user name' },
  { uri: 'https://user:pass@keys.example/', reason: 'it holds a user name' },
  { uri: 'https://keys.example@127.0.0.1/', reason: 'it holds a user name' },
  { uri: 'https://keys.example./', reason: 'its host ends in a dot' },
  { uri: 'https://localhost./', reason: 'its host ends in a dot' },
  ...[22, 25, 80, 445, 2049, 3306, 5432, 6379, 9200, 11211, 27017].map((port) => ({
    uri: `https://keys.example:${port}/`,
    reason: 'its port is not for the web',
  })),
]

import { expect, test } from 'vitest';
import { isPublicAddress, urlFault } from '../../src/webhooks/addresses.ts';

test.each([
  'https://example.com/hook?token=a',
  'https://example.com:8443/',
  'https://1.1.1.1/',
  'https://[2606:4700::1111]:1024/',
  'https://bücher.example/',
  'https://example.com./',
  'https://latest.example/',
])('%s may be a webhook', (url) => {
  expect(urlFault(url, false)).toBeUndefined();
});

test.each([
  ['example.com', 'invalid_format'],
  ['http://example.com/', 'invalid_format'],
  ['ftp://example.com/', 'invalid_format'],
  ['http://localhost/', 'invalid_format'],
  ['https://user@example.com/', 'credentials'],
  ['https://:password@example.com/', 'credentials'],
  ['https://example.com:80/', 'port'],
  ['https://example.com:1023/', 'port'],
  ...[
    ...['localhost', 'LOCALHOST.', 'a.localhost', 'printer.local', 'db.internal', 'intranet', 'router.home.arpa'],
    ...['intranet.', 'example.', 'db.Internal.', 'a.invalid', 'a.test', 'a.onion', 'a.alt', 'home.arpa.'],
    ...['a..b.example', '.example.com', 'example.com..', '.', '..'],
    // Spelled in every way that a URL knows.
    ...['127.0.0.1', '127.1', '0x7f000001', '2130706433', '017700000001', '127.0.0.1.', '0', '0.0.0.0'],
    ...[
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '192.0.2.1',
      '198.18.0.1',
      '224.0.0.1',
    ],
    ...['255.255.255.255', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:8.8.8.8]', '[::127.0.0.1]', '[fd00::1]'],
    ...[
      '[fe80::1]',
      '[fec0::1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '[2001::1]',
      '[2001:db8::1]',
      '[ff02::1]',
      '[4000::1]',
    ],
  ].map((host) => [`https://${host}/`, 'not_public']),
])('%s may not: %s', (url, code) => {
  expect(urlFault(url as string, false)).toMatchObject({ code });
});

test('in development http to this machine may be one, and nothing else more than otherwise', () => {
  for (const url of ['http://localhost:8080/', 'http://127.0.0.1:80/hook', 'https://localhost/']) {
    expect(urlFault(url, true)).toBeUndefined();
  }
  for (const url of ['http://example.com/', 'http://10.0.0.1/', 'https://[::1]/', 'http://a@localhost/']) {
    expect(urlFault(url, true)).toBeDefined();
  }
});

test('an address is public where anybody on the internet can reach it', () => {
  expect(['8.8.8.8', '2a00:1450:4001::1'].map(isPublicAddress)).toEqual([true, true]);
  expect(['10.1.2.3', '::1', '::ffff:10.0.0.1'].map(isPublicAddress)).toEqual([false, false, false]);
});

// The request bodies that the official client's own README shows, read from the installed package.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const readme = path.join(path.dirname(require.resolve('midtrans-client')), 'README.md');
const BODY = /^ ?let (\w+) = (\{\n.*?^\})/gms;
const texts = new Map();
for (const [, name, text] of fs.readFileSync(readme, 'utf8').matchAll(BODY)) texts.set(name, text);

// Variables are the names that the example leaves to its reader (externalId, merchantId).
function example(name, variables = {}) {
  if (!texts.has(name)) throw new Error(`the client's README shows no ${name}`);
  const json = vm.runInNewContext(`JSON.stringify(${texts.get(name)})`, { ...variables });
  return JSON.parse(json);
}

module.exports = { example };

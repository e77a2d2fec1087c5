// A batal server of the test's own: started on free ports and an empty folder, stopped by SIGTERM.
'use strict';

const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const binary = process.env.BATAL ?? path.join(__dirname, '../../build/release/batal');
const READY = /^batal is ready: (\S+) admin (\S+)$/;

class Server {
  // Arguments are those of `batal serve` beside addresses and data folder.
  static async start(folder, ...args) {
    const server = new Server();
    server.data = folder;
    server.log = '';
    server.process = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0',
      '--data', folder, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    server.process.stderr.on('data', (text) => { server.log += text; });
    server.ended = new Promise((resolve) => { server.process.on('close', resolve); });
    const [, url, adminUrl] = await server.readyLine();
    return Object.assign(server, { url, adminUrl });
  }

  readyLine() {
    return new Promise((resolve, reject) => {
      readline.createInterface({ input: this.process.stdout }).on('line', (line) => {
        const found = READY.exec(line);
        if (found) resolve(found);
      });
      this.process.on('error', reject);
      this.ended.then(() => reject(new Error(`ended before it was ready:\n${this.log}`)));
    });
  }

  async stop() {
    this.process.kill('SIGTERM');
    const status = await this.ended;
    if (status !== 0) throw new Error(`the server stopped with status ${status}:\n${this.log}`);
  }

  reload() {
    this.process.kill('SIGHUP');
  }

  sandboxCredentials() {
    const text = fs.readFileSync(path.join(this.data, 'sandbox/credentials.env'), 'utf8');
    const lines = [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)];
    const value = Object.fromEntries(lines.map(([, name, quoted]) => [name, unquoted(quoted)]));
    return {
      baseUrl: value.BASE_URL,
      clientId: value.CLIENT_ID,
      partnerId: value.PARTNER_ID,
      clientSecret: value.CLIENT_SECRET,
      privateKey: fs.readFileSync(value.PRIVATE_KEY_FILE, 'utf8'),
      merchantId: value.MERCHANT_ID,
      channelId: value.CHANNEL_ID,
      vaPartnerServiceId: value.VA_PARTNER_SERVICE_ID.padStart(8),
      adminUrl: value.ADMIN_URL,
      adminToken: value.ADMIN_TOKEN,
    };
  }
}

function unquoted(text) {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}

// Made by `batal partner new` in the folder; a server knows it from its next (re)load on.
function newPartner(folder, clientId, merchantId, ...flags) {
  execFileSync(binary, ['partner', 'new', '--folder', folder, '--client-id', clientId,
    '--merchant-id', merchantId, ...flags]);
  const read = (ending) => fs.readFileSync(path.join(folder, `${clientId}.${ending}`), 'utf8');
  return {
    clientId,
    partnerId: clientId,
    clientSecret: read('secret').trim(),
    privateKey: read('private.pem'),
    merchantId,
    channelId: '12345',
  };
}

function temporaryFolder() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'batal-clients-'));
}

module.exports = { Server, newPartner, temporaryFolder };

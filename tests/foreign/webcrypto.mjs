// Import it first: Debian 12's Node 18 has Web Cryptography, but not yet where everybody finds it.

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

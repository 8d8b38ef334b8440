// Storage of node-oidc-provider in Redis: one key a record, expiring with it, and a list of keys per grant, so that
// revoking a grant finds what it gave. Consumption is a field beside the payload, as the provider's own example has it.
import Redis from "ioredis";

const redis = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379/0", { keyPrefix: "peer:" });
const SPENDABLE = new Set([
  "AuthorizationCode",
  "RefreshToken",
  "DeviceCode",
  "BackchannelAuthenticationRequest",
  "PushedAuthorizationRequest",
]);
const OF_A_GRANT = new Set(["AccessToken", ...SPENDABLE]);

const grantKey = (id) => `grant:${id}`;
const uidKey = (uid) => `uid:${uid}`;
const userCodeKey = (code) => `user-code:${code}`;

export const ready = () => redis.ping();
export const close = () => redis.quit();

export class RedisAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    const batch = redis.multi();
    if (SPENDABLE.has(this.model)) {
      batch.hset(key, { payload: JSON.stringify(payload) });
      if (expiresIn) batch.expire(key, expiresIn);
    } else if (expiresIn) {
      batch.set(key, JSON.stringify(payload), "EX", expiresIn);
    } else {
      batch.set(key, JSON.stringify(payload));
    }
    if (OF_A_GRANT.has(this.model) && payload.grantId) {
      batch.rpush(grantKey(payload.grantId), key);
      if (expiresIn) batch.expire(grantKey(payload.grantId), expiresIn, "GT").expire(grantKey(payload.grantId), expiresIn, "NX");
    }
    if (payload.userCode) batch.set(userCodeKey(payload.userCode), id, "EX", expiresIn);
    if (payload.uid) batch.set(uidKey(payload.uid), id, "EX", expiresIn);
    await batch.exec();
  }

  async find(id) {
    if (!SPENDABLE.has(this.model)) {
      const payload = await redis.get(this.key(id));
      return payload ? JSON.parse(payload) : undefined;
    }
    const { payload, ...rest } = await redis.hgetall(this.key(id));
    return payload ? { ...rest, ...JSON.parse(payload) } : undefined;
  }

  async findByUid(uid) {
    const id = await redis.get(uidKey(uid));
    return id ? this.find(id) : undefined;
  }

  async findByUserCode(userCode) {
    const id = await redis.get(userCodeKey(userCode));
    return id ? this.find(id) : undefined;
  }

  async consume(id) {
    await redis.hset(this.key(id), "consumed", Math.floor(Date.now() / 1000));
  }

  async destroy(id) {
    await redis.del(this.key(id));
  }

  async revokeByGrantId(grantId) {
    const keys = await redis.lrange(grantKey(grantId), 0, -1);
    await redis.del(grantKey(grantId), ...keys);
  }
}

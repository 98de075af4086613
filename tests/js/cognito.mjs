// A user pool for the tests: cognito-local, on a free port, with the codes that it would mail at /codes/{address}.
// Prints its address when it listens. It keeps everything in the folder that it is started in.
import { createServer as createHttpServer } from 'node:http';
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const { InvalidParameterError, InvalidPasswordError, NotAuthorizedError, UserNotConfirmedException, UserNotFoundError } = load('cognito-local/lib/errors.js');
const { loadConfig } = load('cognito-local/lib/server/config.js');
const { createServer } = load('cognito-local/lib/server/server.js');
const { Router } = load('cognito-local/lib/server/Router.js');
const { DateClock, LambdaService, TriggersService } = load('cognito-local/lib/services/index.js');
const { CognitoServiceFactoryImpl } = load('cognito-local/lib/services/cognitoService.js');
const { CryptoService } = load('cognito-local/lib/services/crypto.js');
const { MessageDeliveryService } = load('cognito-local/lib/services/messageDelivery/messageDelivery.js');
const { MessagesService } = load('cognito-local/lib/services/messages.js');
const { otp } = load('cognito-local/lib/services/otp.js');
const { StormDBDataStoreFactory } = load('cognito-local/lib/services/dataStore/stormDb.js');
const { JwtTokenGenerator } = load('cognito-local/lib/services/tokenGenerator.js');
const { UserPoolServiceFactoryImpl, attribute, attributesAppend, attributeValue } = load('cognito-local/lib/services/userPoolService.js');

const codes = new Map();
const sender = {
  sendEmail: async (_context, _user, address, message) => void codes.set(address, message.__code),
  sendSms: async () => {
    throw new Error('No test has a telephone');
  },
};
const silent = { debug() {}, info() {}, warn() {}, error() {}, trace() {}, fatal() {}, child: () => silent, level: 'silent' };
const context = { logger: silent };

const config = await loadConfig(context, new StormDBDataStoreFactory('config'));
const clock = new DateClock();
const store = new StormDBDataStoreFactory('pools');
const pools = new UserPoolServiceFactoryImpl(clock, store);
const cognito = await new CognitoServiceFactoryImpl('pools', store, pools).create(context, config.UserPoolDefaults);
const triggers = new TriggersService(clock, cognito, new LambdaService({}, {}), new CryptoService());
const services = {
  clock,
  cognito,
  config,
  messages: new MessagesService(triggers, new MessageDeliveryService(sender)),
  otp,
  tokenGenerator: new JwtTokenGenerator(clock, triggers, config.TokenConfig),
  triggers,
};

// What cognito-local lacks, as the real one does it: a new code, and the old one no longer holds.
const resendConfirmationCode = async (log, { ClientId, Username }) => {
  const pool = await cognito.getUserPoolForClientId(log, ClientId);
  const user = await pool.getUserByUsername(log, Username);
  if (!user) throw new UserNotFoundError();
  if (user.UserStatus === 'CONFIRMED') throw new InvalidParameterError('User is already confirmed.');
  const code = otp();
  await pool.saveUser(log, { ...user, ConfirmationCode: code });
  codes.set(attributeValue('email', user.Attributes), code);
  return { CodeDeliveryDetails: { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: Username } };
};
const adminUserGlobalSignOut = async (log, { UserPoolId, Username }) => {
  const pool = await cognito.getUserPool(log, UserPoolId);
  const user = await pool.getUserByUsername(log, Username);
  if (!user) throw new UserNotFoundError();
  await pool.saveUser(log, { ...user, RefreshTokens: [] });
  return {};
};
const known = Router(services);
// It gives out a refresh token there, and forgets it.
const respondToAuthChallenge = async (log, request) => {
  const answer = await known('RespondToAuthChallenge')(log, request);
  if (answer.AuthenticationResult) {
    const pool = await cognito.getUserPoolForClientId(log, request.ClientId);
    const user = await pool.getUserByUsername(log, request.ChallengeResponses.USERNAME);
    await pool.storeRefreshToken(log, answer.AuthenticationResult.RefreshToken, user);
  }
  return answer;
};
// The real one says so before it looks at the password.
const initiateAuth = async (log, request) => {
  if (request.AuthFlow === 'USER_PASSWORD_AUTH') {
    const pool = await cognito.getUserPoolForClientId(log, request.ClientId);
    const user = await pool.getUserByUsername(log, request.AuthParameters.USERNAME);
    if (user?.UserStatus === 'UNCONFIRMED') throw new UserNotConfirmedException();
  }
  return known('InitiateAuth')(log, request);
};
// The code that came back has confirmed the address, too.
const confirmSignUp = async (log, request) => {
  const answer = await known('ConfirmSignUp')(log, request);
  const pool = await cognito.getUserPoolForClientId(log, request.ClientId);
  const user = await pool.getUserByUsername(log, request.Username);
  await pool.saveUser(log, { ...user, Attributes: attributesAppend(user.Attributes, attribute('email_verified', 'true')) });
  return answer;
};
// The real one says of the password from before what it says at a log-in; InvalidPassword is about the new one.
const changePassword = async (log, request) => {
  try {
    return await known('ChangePassword')(log, request);
  } catch (error) {
    throw error instanceof InvalidPasswordError ? new NotAuthorizedError('Incorrect username or password.') : error;
  }
};
const own = {
  ChangePassword: changePassword,
  ConfirmSignUp: confirmSignUp,
  InitiateAuth: initiateAuth,
  ResendConfirmationCode: resendConfirmationCode,
  AdminUserGlobalSignOut: adminUserGlobalSignOut,
  RespondToAuthChallenge: respondToAuthChallenge,
};
const route = (target) => own[target] ?? known(target);

const { application } = createServer(route, load('pino')({ level: 'silent' }), config.ServerConfig, services);
// A pool whose people sign in by address, with codes of an app for those who want them, and its client: in one request.
application.post('/pools/:name', async (request, response) => {
  codes.clear(); // of another test
  const { UserPool: pool } = await known('CreateUserPool')(context, {
    PoolName: request.params.name,
    UsernameAttributes: ['email'],
    AutoVerifiedAttributes: ['email'],
    MfaConfiguration: 'OPTIONAL',
  });
  const app = { SoftwareTokenMfaConfiguration: { Enabled: true }, MfaConfiguration: 'OPTIONAL' };
  await known('SetUserPoolMfaConfig')(context, { UserPoolId: pool.Id, ...app });
  const { UserPoolClient: client } = await known('CreateUserPoolClient')(context, {
    UserPoolId: pool.Id,
    ClientName: 'mdreader',
    ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
  response.json({ pool: pool.Id, client: client.ClientId });
});
application.get('/codes/:address', (request, response) => {
  const code = codes.get(request.params.address);
  codes.delete(request.params.address);
  response.status(code ? 200 : 404).send(code ?? '');
});
const server = createHttpServer(application);
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  config.TokenConfig.IssuerDomain = address;
  console.log(address);
});

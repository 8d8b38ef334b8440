package hall;

import static org.springframework.security.config.Customizer.withDefaults;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.HttpSessionOAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.web.SecurityFilterChain;

/** Who may see what. Login, PKCE, nonce, signature and session are Spring Security's own, as they come. */
@Configuration
class SecuritySetup {

    @Bean
    SecurityFilterChain security(
            HttpSecurity http,
            ClientRegistrationRepository clients,
            LicenceRequests requests,
            @Value("${manyou.issuer}") String issuer)
            throws Exception {
        var farewell = new OidcClientInitiatedLogoutSuccessHandler(clients); // log out here, then at the provider
        farewell.setPostLogoutRedirectUri("{baseUrl}/");
        // browsers hold a form's redirects to form-action as well, and both forms lead on to the provider
        var policy = "default-src 'self'; img-src data:; frame-ancestors 'none'; form-action 'self' " + issuer;
        return http
                .authorizeHttpRequests(ask -> ask
                        .requestMatchers("/", "/hall.css", "/error").permitAll()
                        .anyRequest().authenticated())
                .oauth2Login(login -> login.loginPage("/oauth2/authorization/manyou"))
                .oauth2Client(client -> client
                        .authorizationCodeGrant(code -> code.authorizationRequestResolver(requests)))
                .logout(logout -> logout.logoutSuccessHandler(farewell))
                .oidcLogout(logout -> logout.backChannel(withDefaults())) // logged out elsewhere is logged out here
                .headers(headers -> headers.contentSecurityPolicy(content -> content.policyDirectives(policy)))
                .build();
    }

    /** Tokens live and end with the browser's session; Spring's default keeps them for ever. */
    @Bean
    OAuth2AuthorizedClientRepository tokens() {
        return new HttpSessionOAuth2AuthorizedClientRepository();
    }
}

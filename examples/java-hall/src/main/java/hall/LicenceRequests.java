package hall;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationRequest;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Adds to the request for a licence for whom it is and what exactly it asks the holder to agree to: the token is
 * then for the licence library (RFC 8707) and good for this one case (RFC 9396).
 */
@Component
class LicenceRequests implements OAuth2AuthorizationRequestResolver {

    private final OAuth2AuthorizationRequestResolver plain;
    private final String library;
    private final JsonMapper json;

    LicenceRequests(
            ClientRegistrationRepository clients, @Value("${manyou.library}") String library, JsonMapper json) {
        this.plain = new DefaultOAuth2AuthorizationRequestResolver(clients);
        this.library = library;
        this.json = json;
    }

    /** The login, begun at its own address: nothing to add. */
    @Override
    public OAuth2AuthorizationRequest resolve(HttpServletRequest request) {
        return plain.resolve(request);
    }

    /** A page wants a token of {@code client}: {@code /cases/‹number›} is the only one that does. */
    @Override
    public OAuth2AuthorizationRequest resolve(HttpServletRequest request, String client) {
        var number = request.getRequestURI().replaceFirst(".*/", "");
        var details = json.writeValueAsString(List.of(Case.of(number).detail()));
        return OAuth2AuthorizationRequest.from(plain.resolve(request, client))
                .additionalParameters(Map.of("resource", library, "authorization_details", details))
                .build();
    }
}

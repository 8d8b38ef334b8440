package hall;

import hall.Library.Refusal;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.SecureRandom;
import org.springframework.http.HttpStatus;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.client.RestClientResponseException;

/** One page: welcome, and below it the case that is open. */
@Controller
class Pages {

    private final Library library;
    private final OAuth2AuthorizedClientRepository tokens;
    private final SecureRandom random = new SecureRandom();

    Pages(Library library, OAuth2AuthorizedClientRepository tokens) {
        this.library = library;
        this.tokens = tokens;
    }

    @ModelAttribute("user")
    OidcUser user(@AuthenticationPrincipal OidcUser user) {
        return user;
    }

    @GetMapping("/")
    String welcome() {
        return "hall";
    }

    /** For whoever is logged in; the link "log in" leads here. */
    @GetMapping("/me")
    String me() {
        return "hall";
    }

    /** Opens a case. The consent that a token stands for was for another one, so that token goes. */
    @PostMapping("/apply")
    String apply(Authentication who, HttpServletRequest request, HttpServletResponse response) {
        tokens.removeAuthorizedClient("licence", who, request, response);
        return "redirect:/cases/SP%010d".formatted(random.nextLong(10_000_000_000L));
    }

    /** Without a token of {@code licence} Spring asks the holder first, and comes back here with one. */
    @GetMapping("/cases/{number:SP[0-9]{10}}")
    String opened(
            @PathVariable String number,
            @RegisteredOAuth2AuthorizedClient("licence") OAuth2AuthorizedClient licence,
            HttpServletResponse response,
            Model page) {
        page.addAttribute("number", number);
        try {
            var answer = library.use(licence.getAccessToken().getTokenValue(), Case.of(number));
            page.addAttribute("materials", answer.materials());
        } catch (RestClientResponseException refused) {
            response.setStatus(HttpStatus.FORBIDDEN.value());
            page.addAttribute("refused", refused.getResponseBodyAs(Refusal.class));
        }
        return "hall";
    }

    /** Where the holder comes back to who did not agree. */
    @GetMapping("/licence/given")
    String notGiven(@RequestParam(defaultValue = "") String error, Model page) {
        page.addAttribute("refused", new Refusal(error, "未经同意，本厅不调取。Nothing is fetched without your consent."));
        return "hall";
    }
}

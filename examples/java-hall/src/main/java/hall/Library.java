package hall;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

/** The licence API, as far as this hall needs it: docs/elicence-api.md, "A use by a hall". */
@Component
class Library {

    record Answer(List<Material> materials) {}

    record Material(
            String zh, String en, String answer, @JsonProperty("next_step") Words nextStep, List<Licence> licences) {}

    record Licence(Words type, List<Field> fields) {}

    record Field(String zh, String en, String value) {}

    record Words(String zh, String en) {}

    /** A refusal ({@code application/problem+json}). */
    record Refusal(String code, String mend) {}

    private final RestClient api;

    Library(@Value("${manyou.library}") String library) {
        api = RestClient.create(library + "/v1");
    }

    /** Fetches what the case takes, and leaves a trace that the holder reads. */
    Answer use(String token, Case opened) {
        return api.post()
                .uri("/uses")
                .headers(headers -> headers.setBearerAuth(token))
                .contentType(MediaType.APPLICATION_JSON)
                .body(opened.use())
                .retrieve()
                .body(Answer.class);
    }
}

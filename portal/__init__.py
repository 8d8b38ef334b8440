"""The citizen's and company's licences and the verifier: a relying party like any hall."""

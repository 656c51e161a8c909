package githubsim

import (
	"net/http"
	"strings"
)

type grant struct{}

func convertManifest(c *call) answer { return notFound() }

func (s *Sim) servePage(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/codeload/") {
		s.serveTarball(w, r)
		return
	}
	http.NotFound(w, r)
}

type localGit struct{}

package facts

import "strings"

// readmeTemplate is the text that a generator writes into README files.
type readmeTemplate struct {
	name     string
	key      string   // a word that the text always has, lower-case, so that most generators are ruled out at once
	marks    []string // phrases of the text, lower-case; a block that holds one is the generator's
	headings []string // headings of the text, lower-case; what stands under them is the generator's
	line     int
}

// readmeTemplates are the generators known. The phrases identify the text; they are the shortest that do.
var readmeTemplates = []readmeTemplate{
	{name: "Create React App", key: "react", marks: []string{
		"bootstrapped with create react app", "in the project directory, you can run", "runs the app in the development mode", "the page will reload ", "see any lint errors in the console", "launches the test runner in the interactive",
		"builds the app for production to the", "it correctly bundles react in production", "the build is minified and the filenames", "your app is ready to be deployed", "this is a one-way operation", "satisfied with the build tool",
		"instead, it will copy all the configuration", "you don't have to ever use", "you don’t have to ever use", "learn more in the create react app documentation", "to learn react, check out", "this section has moved here", "see the section about",
		"open http://localhost:3000 to view it", "open to view it in",
	}},
	{name: "Next.js", key: "next", marks: []string{
		"bootstrapped with create-next-app", "bootstrapped with create next app", "first, run the development server", "with your browser to see the result", "you can start editing the page by", "this project uses next/font", "project uses to automatically optimize",
		"to learn more about next.js", "next.js documentation - ", "learn next.js - ", "check out the next.js github", "way to deploy your next.js app", "check out our next.js deployment", "directory is mapped to /api", "api routes can be accessed on",
		"directory is mapped to", "this endpoint can be edited in", "next.js project bootstrapped with",
	}},
	{name: "NestJS", key: "nest", marks: []string{
		"nest framework typescript starter repository", "a progressive node.js framework for building efficient", "nest is an mit-licensed", "nest is mit licensed", "when you're ready to deploy your nestjs", "if you are looking for a cloud-based platform to deploy",
		"with mau, you can deploy", "check out a few resources", "visit the nestjs documentation", "for questions and support, please visit", "to dive deeper and get more hands-on", "deploy your application to aws with the help", "visualize your application graph",
		"need help with your project", "to stay in the loop and get updates", "looking for a job, or have a job", "author - kamil", "website - https://nestjs", "twitter - @nestframework", "website -", "twitter -",
	}, headings: []string{"stay in touch", "support", "license"}},
	{name: "Laravel", key: "lara", marks: []string{
		"laravel is a web application framework", "simple, fast routing engine", "powerful dependency injection container", "multiple back-ends for session", "expressive, intuitive database orm", "database agnostic schema migrations",
		"robust background job processing", "real-time event broadcasting", "laravel is accessible, powerful", "laravel has the most extensive", "if you don't feel like reading", "you may also try the laravel bootcamp", "we would like to extend our thanks",
		"becoming a sponsor", "contributing to the laravel framework", "ensure that the laravel community", "vulnerability within laravel", "the laravel framework is open-sourced", "laravel ecosystem", "in addition, laracasts",
		"laravel lumen is a stunningly fast", "documentation for the framework can be found on the lumen", "the lumen framework is open-sourced", "contributing to lumen", "vulnerability within lumen",
	}, headings: []string{"about laravel", "learning laravel", "laravel sponsors", "premium partners", "code of conduct", "security vulnerabilities", "agentic development"}},
	{name: "Rails", key: "normally document", marks: []string{
		"this readme would normally document", "things you may want to cover", "services (job queues, cache servers",
	}},
	{name: "Vite", key: "vite", marks: []string{
		"template provides a minimal setup to get react", "two official plugins are available", "uses babel for fast refresh", "uses swc for fast refresh", "uses oxc for fast refresh", "developing a production application, we recommend", "the react compiler is", "if you are developing a production application",
		"you can also install eslint-plugin-react-x", "template should help get you started developing with", "learn more about ide support", "typescript cannot handle type information for", "configure the top-level parserOptions", "see vite configuration reference", "customize configuration",
		"type support for .vue imports in ts", "if the standalone typescript plugin", "you can make the change take effect by", "optionally add ...",
	}, headings: []string{"recommended ide setup", "type support for .vue imports in ts", "expanding the eslint configuration", "customize configuration"}},
	{name: "Angular CLI", key: "angular", marks: []string{
		"generated with angular cli", "generated using angular cli", "for a dev server. navigate to", "to generate a new component", "to build the project. the build artifacts", "to execute the unit tests via", "to execute the end-to-end tests via", "more help on the angular cli",
		"to start a local development server, run", "once the server is running, open your browser", "angular cli includes powerful", "for a complete list of available schematics", "to build the project run", "this will compile your project and store", "to execute unit tests with",
		"for end-to-end (e2e) testing, run", "angular cli does not come with", "information on using the angular cli", "you can also use ng generate",
	}, headings: []string{"code scaffolding", "running unit tests", "running end-to-end tests", "further help", "development server"}},
	{name: "Vue CLI", key: "configuration reference", marks: []string{"see configuration reference"}, headings: []string{
		"compiles and hot-reloads for development", "compiles and minifies for production", "lints and fixes files", "run your unit tests", "project setup", "customize configuration",
	}},
	{name: "SvelteKit", key: "svelte", marks: []string{"everything you need to build a svelte", "if you're seeing this, you've probably already done", "once you've created a project and installed", "to create a production version of your app", "you can preview the production build", "to deploy your app, you may need to install", "to recreate this project with the same configuration"}},
	{name: "Phoenix", key: "phoenix", marks: []string{"to start your phoenix", "now you can visit localhost:4000", "now you can visit from your browser", "ready to run in production", "official website: https://www.phoenixframework", "to install and setup dependencies", "start phoenix endpoint"}, headings: []string{"learn more"}},
	{name: "Alembic", key: "single-database", marks: []string{"generic single-database configuration", "single-database configuration for flask"}},
	{name: "Quarkus", key: "quarkus", marks: []string{"this project uses quarkus", "if you want to learn more about quarkus", "run your application in dev mode that enables live coding", "quarkus now ships with a dev ui", "quarkus ships with a dev ui", "the application can be packaged using", "it produces the quarkus-run.jar", "if you want to build an", "the application, packaged as an", "you can create a native executable", "if you don't have graalvm installed", "you can then execute your native executable", "if you want to learn more about building native"}, headings: []string{"provided code", "related guides"}},
	{name: "Ktor", key: "ktor", marks: []string{"created using the ktor project generator", "useful links to get you started", "list of features included in this project", "to build or run the project, use one of", "if the server starts successfully", "go to the ktor slack"}, headings: []string{"features", "building & running"}},
	{name: "Expo", key: "expo", marks: []string{"this is an expo project created with", "in the output, you'll find options to open the app", "you can start developing by editing the files", "when you're ready, run", "to learn more about developing your project with expo", "join our community of developers", "expo documentation:", "learn expo tutorial", "expo on github", "discord community:"}},
	{name: "create-t3-app", key: "t3", marks: []string{"this is a t3 stack project bootstrapped", "we try to keep this project as simple as possible", "if you are not familiar with the different technologies", "to learn more about the t3 stack", "you can check out the create-t3-app"}},
	{name: "React Native CLI", key: "metro", marks: []string{"this is a new react native project", "make sure you have completed the", "first, you will need to start metro", "let metro bundler run in its own terminal", "now that you have successfully run the app", "you've successfully run and modified"}},
	{name: "CodeIgniter", key: "codeigniter", marks: []string{"codeigniter is a php full-stack web framework", "codeigniter is an application development framework", "holds a composer-installable app starter", "holds the distributable version", "you can read the user guide corresponding", "the user guide corresponding to the latest", "is no longer in the root of the project", "user guide updating and deployment", "we use github issues, in our main repository", "problems with it can be raised on our forum"}},
	{name: "Yii", key: "template", marks: []string{"basic project template is a skeleton", "advanced project template is a skeleton", "the template contains the basic features", "minimum requirement by this project template"}},
	{name: "Slim skeleton", key: "skeleton application", marks: []string{"use this skeleton application to quickly setup", "this skeleton application was built for composer", "replace [my-app-name] with", "run this command from the directory in which you want to install your new slim", "point your virtual host document root to your new application's", "ensure logs/ is web writ", "to run the application in development, you can run these", "or you can use docker-compose to run the app with docker", "after that, open", "run this command in the application directory to run the test suite", "that's it! now go build something cool"}},
	{name: "CakePHP", key: "cakephp", marks: []string{"a skeleton for creating applications with cakephp", "the framework source code can be found here: cakephp"}},
	{name: "GitLab", key: "gitlab", marks: []string{"make it easy for you to get started with gitlab", "already a pro? just edit this", "use the built-in continuous integration in gitlab", "when you're ready to make this readme your own", "every project is different, so consider which"}, headings: []string{"add your files", "integrate with your tools", "collaborate with your team", "test and deploy", "editing this readme", "suggestions for a good readme", "name", "description", "badges", "visuals", "installation", "usage", "support", "roadmap", "contributing", "authors and acknowledgment", "license", "project status"}},
	{name: "Fastify CLI", key: "fastify", marks: []string{"bootstrapped with fastify-cli", "to learn fastify, check out"}},
	{name: "Strapi", key: "strapi", marks: []string{"strapi comes with a full featured", "strapi gives you many possible deployment", "start your strapi application with", "feel free to check out the strapi github", "build your admin panel"}},
	{name: "Micronaut", key: "micronaut", marks: []string{"micronaut documentation", "- user guide", "- api reference", "- configuration reference", "- micronaut guides"}},
	{name: "Play", key: "play", marks: []string{"this is a seed project for play", "play-samples", "giter8 template for generating"}},
	{name: "AdonisJS", key: "adonis", marks: []string{"this is the fullstack boilerplate for adonisjs", "this is the boilerplate for creating an api server in adonisjs", "use the adonis command to install", "manually clone the repo and then run"}},
}

// templateOf finds the generator whose text a README holds: the one most of whose phrases are there. One phrase suffices where it is the
// first of the list, by which generators introduce themselves.
func templateOf(blocks []readmeBlock) *readmeTemplate {
	var best *readmeTemplate
	most := 1
	lower := make([]string, len(blocks))
	for i, b := range blocks {
		lower[i] = strings.ToLower(b.text)
	}
	all := strings.Join(lower, "\n")
	for t := range readmeTemplates {
		g := &readmeTemplates[t]
		if !strings.Contains(all, g.key) {
			continue
		}
		n, line := 0, 0
		for i, low := range lower {
			if low == "" {
				continue
			}
			for k, m := range g.marks {
				if !strings.Contains(low, m) {
					continue
				}
				n++
				if k == 0 {
					n++
				}
				if line == 0 {
					line = blocks[i].line
				}
				break
			}
			if blocks[i].heading && len(g.marks) < 3 && contains(g.headings, low) {
				n++
			}
		}
		if n > most {
			found := *g
			found.line = line
			best, most = &found, n
		}
	}
	return best
}

// wrote reports whether a block is the generator's.
func (g *readmeTemplate) wrote(r *readmeReader, b readmeBlock) bool {
	low := strings.ToLower(b.text)
	for _, m := range g.marks {
		if strings.Contains(low, m) {
			return true
		}
	}
	if b.heading {
		return contains(g.headings, low)
	}
	if b.section >= 0 && contains(g.headings, strings.ToLower(r.blocks[b.section].text)) {
		return true
	}
	return g.name == "Rails" && b.item && countWords(b.text) <= 6
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
